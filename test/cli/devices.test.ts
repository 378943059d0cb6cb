import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lookForCuda } from '../../src/engine/runtime/cuda/libraries.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { pipeline, type Outcome } from './bin.ts';
import { because } from '../helpers/skips.ts';

const artifacts = temporaryFolder();

const run = (device: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
  pipeline(['run', 'configs/quickstart.yaml', '--artifacts', artifacts, '--device', device, '--json'], { env });

describe('a device that is asked for by name and does not work', () => {
  test.skipIf(because('the command without CUDA (its files are here)', lookForCuda(process.env).missingFiles.length === 0))(
    'cuda ends with the reason and the command that brings it, exit code 1, and starts nothing',
    async () => {
      const { code, stdout } = await run('cuda');
      expect(code).toBe(1);
      const { error } = JSON.parse(stdout);
      expect(error).toMatchObject({ code: 'environment', subject: 'cuda' });
      expect(error.message).toMatch(/^cuda was asked for and does not work here: onnxruntime/);
      expect(error.remedy).toMatch(/npm rebuild onnxruntime-node --ignore-scripts=false|webgpu or cpu/);
      expect(existsSync(join(artifacts, 'runs'))).toBe(false);
    },
  );

  const isLacking = because('the command without a driver for WebGPU (it needs Linux)', process.platform !== 'linux');
  test.skipIf(isLacking)('so does webgpu', async () => {
    const { code, stdout } = await run('webgpu', { VK_DRIVER_FILES: '/nowhere.json' });
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'environment',
      subject: 'webgpu',
      message: expect.stringMatching(/^webgpu was asked for and does not work here: (no driver shows a GPU|there is no Vulkan)/),
    });
    expect(existsSync(join(artifacts, 'runs'))).toBe(false);
  });
});

test('explain tells the step of a device that is not here: masks and update as nodes, and what has no kernel there', async () => {
  const explained = async (device: string) =>
    JSON.parse((await pipeline(['explain', 'configs/quickstart.yaml', '--artifacts', artifacts, '--device', device, '--json'])).stdout)
      .experiments[0];
  const [cpu, webgpu, cuda] = [await explained('cpu'), await explained('webgpu'), await explained('cuda')];
  const ops = ({ operators }: { readonly operators: readonly { readonly op: string; readonly provider: string }[] }): readonly string[] =>
    operators.map(({ op }) => op);
  for (const [device, { operators }] of Object.entries({ cpu, webgpu, cuda }))
    expect(new Set(operators.map(({ provider }: { readonly provider: string }) => provider))).toEqual(new Set([device]));
  expect(cpu.lowered).toEqual([]);
  expect(cuda.lowered).toMatchObject([
    { op: 'MatMul', why: expect.stringContaining('sums over rows') },
    { op: 'Gemm', why: expect.stringContaining('bias') },
  ]);
  expect(webgpu.lowered).toMatchObject([
    { op: 'FusedMatMul', nodes: 14 },
    { op: 'Size', nodes: 2 },
  ]);
  expect(ops(webgpu)).not.toContain('FusedMatMul');
  expect(ops(cuda)).toContain('FusedMatMul');
  const chosen = ({ choices }: { readonly choices: readonly { readonly choice: string }[] }): readonly string[] =>
    choices.map(({ choice }) => choice);
  expect(chosen(webgpu)).toEqual(expect.arrayContaining(['dropout masks as nodes', 'update as nodes']));
  expect(chosen(cpu)).toContain('dropout by masks that are fed');
  expect(chosen(webgpu)).not.toContain('dropout by masks that are fed');
});
