import { lossScaleStart, nextLossScale, type LossScale } from '../optim/index.ts';
import type { Feeds, StepProgram } from '../program.ts';
import type { OptimizerState, StepResult } from './trainer.ts';

/** Decides of each step whether its gradients may update anything. */
export interface LossScaler {
  /** What the loss is multiplied by, as a feed: the scale of the next step, or another; nothing for a program whose loss is not scaled. */
  feeds(scale?: number): Feeds;
  /** As many scales as will be used if all gradients are finite; undefined for a program whose loss is not scaled. */
  ahead(steps: number): readonly number[] | undefined;
  /** A step's result as it counts, from the loss and the norm of the gradients without the scale, either of them perhaps not finite. */
  settle(result: Omit<StepResult, 'skipped'>): StepResult;
  state(): LossScale | undefined;
  /** Begins again where there is none. */
  restore(state: LossScale | undefined): void;
}

/** Whether a settled step has updated the parameters. */
export function isUpdate({ loss, skipped }: StepResult): boolean {
  return skipped === undefined && !Number.isNaN(loss);
}

/** Whether loss and gradients are finite. */
export function isFiniteStep({ loss, gradientNorm }: Pick<StepResult, 'loss' | 'gradientNorm'>): boolean {
  return Number.isFinite(loss + gradientNorm);
}

/** As a part of the optimizer's state. */
export function scalingOf(scaler: LossScaler): Pick<OptimizerState, 'scaling'> {
  const scaling = scaler.state();
  return scaling === undefined ? {} : { scaling };
}

export function openLossScaler({ lossScale: input }: Pick<StepProgram, 'lossScale'>): LossScaler {
  let state = input === undefined ? undefined : lossScaleStart;
  return {
    feeds(scale = state?.scale) {
      if (input === undefined || scale === undefined) return {};
      return { [input]: { dtype: 'float32', shape: [], data: Float32Array.of(scale) } };
    },
    ahead(steps) {
      if (state === undefined) return undefined;
      const scales = [state];
      while (scales.length < steps) scales.push(nextLossScale(scales.at(-1)!, true));
      return scales.map(({ scale }) => scale);
    },
    settle(result) {
      const isFinite = isFiniteStep(result);
      // No scale has had a part in a loss that is not finite, so no other scale will do.
      if (!isFinite && (state === undefined || !Number.isFinite(result.loss))) return { ...result, loss: NaN };
      const before = state;
      state = state && nextLossScale(state, isFinite);
      return isFinite ? result : { ...result, skipped: { scale: before!.scale, inARow: state!.skippedInARow } };
    },
    state: () => state,
    restore(saved) {
      state = input === undefined ? undefined : (saved ?? lossScaleStart);
    },
  };
}
