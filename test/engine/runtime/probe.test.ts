import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { probe } from '../../../src/engine/runtime/probe.ts';
import { lookForCuda } from '../../../src/engine/runtime/cuda/libraries.ts';
import { because } from '../../helpers/skips.ts';

test('the CPU computes, and the time of large products can be compared', async () => {
  const [light, timed] = [await probe('cpu'), await probe('cpu', { timed: true })];
  expect(light).toMatchObject({ works: true, adapter: null });
  expect(timed.works && light.works && timed.seconds > light.seconds).toBe(true);
});

const isLacking = because('WebGPU without a driver (it needs Linux)', process.platform !== 'linux');
test.skipIf(isLacking)('WebGPU without a driver is a sentence and what to install', async () => {
  expect(await probe('webgpu', { env: { ...process.env, VK_DRIVER_FILES: '/nowhere.json' } })).toEqual({
    works: false,
    reason: expect.stringMatching(/^(no driver shows a GPU|there is no Vulkan loader \(libvulkan\.so\.1\))$/),
    remedy: expect.stringContaining('apt-get install libvulkan1'),
  });
});

const hasLoader = ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib64/libvulkan.so.1'].some((path) => existsSync(path));

test.skipIf(because("a Vulkan driver that does not load (Vulkan's loader is not here)", !hasLoader))(
  'WebGPU on a driver that lacks a library names it',
  async () => {
    const description = join(mkdtempSync(join(tmpdir(), 'icd-')), 'icd.json');
    writeFileSync(
      description,
      JSON.stringify({ file_format_version: '1.0.1', ICD: { library_path: 'libX_nowhere.so.0', api_version: '1.3.0' } }),
    );
    expect(await probe('webgpu', { env: { ...process.env, VK_DRIVER_FILES: description, VK_ICD_FILENAMES: description } })).toEqual({
      works: false,
      reason: "the GPU's driver for Vulkan does not load: libX_nowhere.so.0 is missing",
      remedy: expect.stringContaining('apt-get install libx11-6'),
    });
  },
);

test.skipIf(because('CUDA without its provider (its files are here)', lookForCuda(process.env).missingFiles.length === 0))(
  'CUDA without its provider is a sentence and the command that brings it',
  async () => {
    expect(await probe('cuda')).toEqual({
      works: false,
      reason: expect.stringContaining('CUDA'),
      remedy: expect.stringMatching(/npm rebuild onnxruntime-node|--device/),
    });
  },
);
