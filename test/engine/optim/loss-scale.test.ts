import { expect, test } from 'vitest';
import { lossScaleStart, nextLossScale, type LossScale } from '../../../src/engine/optim/index.ts';

/** After so many steps, each with finite gradients or without. */
function after(from: LossScale, ...steps: readonly (readonly [count: number, isFinite: boolean])[]): LossScale {
  return steps.flatMap(([count, isFinite]) => Array.from({ length: count }, () => isFinite)).reduce(nextLossScale, from);
}

// By hand from torch.amp.GradScaler's defaults: init_scale 2¹⁶, growth_factor 2, backoff_factor ½, growth_interval 2000.
test('the loss is scaled as torch.amp.GradScaler scales it', () => {
  expect(lossScaleStart).toEqual({ scale: 65536, goodSteps: 0, skipped: 0, skippedInARow: 0 });
  expect(after(lossScaleStart, [1999, true])).toEqual({ scale: 65536, goodSteps: 1999, skipped: 0, skippedInARow: 0 });
  expect(after(lossScaleStart, [2000, true])).toEqual({ scale: 131072, goodSteps: 0, skipped: 0, skippedInARow: 0 });
  expect(after(lossScaleStart, [1999, true], [3, false])).toEqual({ scale: 8192, goodSteps: 0, skipped: 3, skippedInARow: 3 });
  expect(after(lossScaleStart, [2, false], [1999, true], [1, false], [1, true])).toEqual({
    scale: 8192,
    goodSteps: 1,
    skipped: 3,
    skippedInARow: 0,
  });
});
