import { describe, it } from 'vitest';
import { probe } from '../../src/engine/runtime/probe.ts';

/** `describe` for tests on CUDA; where it does not work they are skipped, with the reason printed. */
export async function describeCuda(name: string, body: () => void): Promise<void> {
  process.env['NVIDIA_TF32_OVERRIDE'] = '0'; // TF32 has three decimal digits
  const tried = await probe('cuda');
  if (tried.works) return void describe(name, body);
  console.warn(`skipped: ${name} (no CUDA here: ${tried.reason.trim().split('\n').at(-1)})`);
  describe.skip(name, () => it('needs CUDA', () => {}));
}
