import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { pipeline } from './bin.ts';

const quickstart = ['explain', 'configs/quickstart.yaml', '--artifacts', temporaryFolder()];

describe('pipeline explain', () => {
  it('tells parameters, memory, operations, operators and choices', async () => {
    const { code, stdout } = await pipeline([...quickstart, 'configs/quickstart.yaml']);
    expect(code).toBe(0);
    const titles = stdout.split('\n').filter((line) => /^\S/.test(line));
    const once = [
      'quickstart · one training step on cpu',
      'memory, adamw',
      'floating-point operations',
      'floating-point operations by layer, forward and backward',
      'operators',
      'fused or chosen operators, and why',
    ];
    expect(titles.slice(0, 6)).toEqual(once);
    expect(titles.slice(7, 13)).toEqual(once);
    expect(stdout).toMatch(/trained +305,409 +1\.2 MB +41 tensors/);
    expect(stdout).toMatch(/bert\.encoder\.layer\.0 +1\.2 GFLOP/);
    expect(stdout).toMatch(/update +4\.9 MFLOP/);
    expect(stdout).toMatch(/LayerNormalization +5 +along axes +cpu/);
  });

  it('prints the step as a program', async () => {
    const { stdout } = await pipeline([...quickstart, '--graph']);
    expect(stdout).toMatch(/^training_step\(/);
    expect(stdout).toMatch(/return \{ loss: .*grad\.classifier/);
    expect(stdout).toMatch(/= Gemm\(.*  # bert\.encoder\.layer\.0\.attention\.self\.query\.backward/);
    const { experiments } = JSON.parse((await pipeline([...quickstart, '--graph', '--json'])).stdout);
    expect(`${experiments[0].graph}\n`).toBe(stdout);
  });

  it('gives the same as data', async () => {
    const { experiments } = JSON.parse((await pipeline([...quickstart, '--json', '--set', 'model.freeze_encoder=true'])).stdout);
    expect(experiments).toHaveLength(1);
    expect(experiments[0]).toMatchObject({ experiment: 'quickstart', device: 'cpu', optimizer: { slots: ['m', 'v'] } });
    expect(experiments[0].graph).toContain('Gemm(');
  });
});
