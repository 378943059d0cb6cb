import { describe, it } from 'vitest';
import { probe } from '../../src/engine/runtime/probe.ts';

/**
 * `describe` for tests on WebGPU; where there is no adapter they are skipped, with the reason printed. Software Vulkan (Mesa's lavapipe)
 * will do.
 */
export async function describeWebgpu(name: string, body: () => void): Promise<void> {
  // Lavapipe spends most of its time on compiling: without optimization, for narrow vectors, it takes a quarter of that.
  Object.assign(process.env, { GALLIVM_PERF: 'nopt', LP_NATIVE_VECTOR_WIDTH: '128' });
  const tried = await probe('webgpu');
  if (tried.works) return void describe(name, body);
  console.warn(`skipped: ${name} (no WebGPU here: ${tried.reason.trim().split('\n').at(-1)})`);
  describe.skip(name, () => it('needs WebGPU', () => {}));
}
