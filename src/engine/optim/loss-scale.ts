/**
 * What the loss is multiplied by before the backward pass, so that small gradients are not lost below the smallest float16, and how it came
 * to that; plain data, so that a checkpoint can hold it.
 */
export interface LossScale {
  readonly scale: number;
  /** Updates since the scale was last changed. */
  readonly goodSteps: number;
  /** Steps without an update because a gradient was too large for float16 with the scale of the time. */
  readonly skipped: number;
  readonly skippedInARow: number;
}

/** The rules of `torch.amp.GradScaler`: powers of two, so that scaling itself rounds nothing. */
const [FIRST, GROWTH, BACKOFF, STEPS_TO_GROWTH] = [2 ** 16, 2, 0.5, 2000];

export const lossScaleStart: LossScale = { scale: FIRST, goodSteps: 0, skipped: 0, skippedInARow: 0 };

/** After a step whose gradients were all finite, or were not. */
export function nextLossScale({ scale, goodSteps, skipped, skippedInARow }: LossScale, isFinite: boolean): LossScale {
  if (!isFinite) return { scale: scale * BACKOFF, goodSteps: 0, skipped: skipped + 1, skippedInARow: skippedInARow + 1 };
  const isGrown = goodSteps + 1 === STEPS_TO_GROWTH;
  return { scale: isGrown ? scale * GROWTH : scale, goodSteps: isGrown ? 0 : goodSteps + 1, skipped, skippedInARow: 0 };
}
