import { expect, test } from 'vitest';
import { probe } from '../../../src/engine/runtime/probe.ts';
import { lookForCuda } from '../../../src/engine/runtime/cuda-libraries.ts';
import { because } from '../../helpers/skips.ts';

test('the CPU computes, and the time of large products can be compared', async () => {
  const [light, timed] = [await probe('cpu'), await probe('cpu', { timed: true })];
  expect(light).toMatchObject({ works: true, adapter: null });
  expect(timed.works && light.works && timed.seconds > light.seconds).toBe(true);
});

test.runIf(process.platform === 'linux')('WebGPU without a driver is a sentence and what to install', async () => {
  expect(await probe('webgpu', { env: { ...process.env, VK_DRIVER_FILES: '/nowhere.json' } })).toEqual({
    works: false,
    reason: expect.stringMatching(/^(no driver shows a GPU|there is no Vulkan loader \(libvulkan\.so\.1\))$/),
    remedy: expect.stringContaining('apt-get install libvulkan1'),
  });
});

test.skipIf(because('CUDA without its provider (its files are here)', lookForCuda(process.env).missingFiles.length === 0))('CUDA without its provider is a sentence and the command that brings it', async () => {
  expect(await probe('cuda')).toEqual({ works: false, reason: expect.stringContaining('CUDA'), remedy: expect.stringMatching(/npm rebuild onnxruntime-node|--device/) });
});
