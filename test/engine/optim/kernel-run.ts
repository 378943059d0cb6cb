import { compileUpdate, instantiate, type StepSettings, type UpdateKernels, type UpdateRule } from '../../../src/engine/optim/index.ts';

/** One parameter under the compiled rule, in a memory of its own. */
export interface KernelRun {
  readonly p: Float32Array;
  readonly slots: Readonly<Record<string, Float32Array>>;
  sumOfSquares(gradient: Float32Array): number;
  step(gradient: Float32Array, at: StepSettings, factor?: number): void;
}

/** Puts p, g and the slots one behind the other, each followed by a guard of 16 bytes that a test may look at. */
export function kernelRun(rule: UpdateRule, start: Float32Array): KernelRun {
  const n = start.length;
  const memory = new WebAssembly.Memory({ initial: 16 });
  const kernels = instantiate<UpdateKernels>(compileUpdate(rule), memory);
  const addresses = [0, 1, ...rule.slots.map((_, i) => 2 + i)].map((i) => i * (4 * n + 16));
  const [p, g, ...slots] = addresses.map((address) => new Float32Array(memory.buffer, address, n + 4));
  p!.set(start);
  for (const view of [p!, g!, ...slots]) view.fill(GUARD, n);
  return {
    p: p!,
    slots: Object.fromEntries(rule.slots.map((slot, i) => [slot, slots[i]!])),
    sumOfSquares(gradient) {
      g!.set(gradient);
      return kernels.sumOfSquares(addresses[1]!, n);
    },
    step(gradient, at, factor = 1) {
      g!.set(gradient);
      const scalars = Object.values(rule.scalars).map((scalar) => scalar(at));
      kernels.update(addresses[0]!, addresses[1]!, ...addresses.slice(2), n, factor, ...scalars);
    },
  };
}

/** What stands behind the end of every array. */
export const GUARD = 12345;
