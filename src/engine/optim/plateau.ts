/** Options of PyTorch's `ReduceLROnPlateau`, under its names. */
export interface PlateauOptions {
  /** Whether a smaller or a larger metric is better. */
  readonly mode: 'min' | 'max';
  /** The rate is multiplied with it. */
  readonly factor: number;
  /** How many metrics in a row may bring no improvement before the rate falls. */
  readonly patience: number;
  /** What counts as an improvement: better than the best by this much, or by this share of it. */
  readonly threshold: number;
  readonly threshold_mode?: 'rel' | 'abs';
  /** How many metrics after a reduction do not count. */
  readonly cooldown: number;
  readonly min_lr: number;
  /** A reduction of this size or less is left out. */
  readonly eps?: number;
}

/** Everything the schedule remembers; plain data, so that a checkpoint can hold it. */
export interface PlateauState {
  readonly lr: number;
  readonly best: number | null;
  readonly badMetrics: number;
  readonly cooldownLeft: number;
}

export function plateauStart(lr: number): PlateauState {
  return { lr, best: null, badMetrics: 0, cooldownLeft: 0 };
}

/** The state after one more metric; its `lr` is the rate from now on. A metric that is not finite is no improvement. */
export function plateauStep(state: PlateauState, metric: number, options: PlateauOptions): PlateauState {
  const improved = isBetter(metric, state.best, options);
  const cooling = state.cooldownLeft > 0;
  const badMetrics = improved || cooling ? 0 : state.badMetrics + 1;
  const next = { lr: state.lr, best: improved ? metric : state.best, badMetrics, cooldownLeft: cooling ? state.cooldownLeft - 1 : 0 };
  return badMetrics > options.patience ? { ...next, lr: reduced(state.lr, options), badMetrics: 0, cooldownLeft: options.cooldown } : next;
}

function isBetter(metric: number, best: number | null, { mode, threshold, threshold_mode = 'rel' }: PlateauOptions): boolean {
  if (!Number.isFinite(metric)) return false;
  if (best === null) return true;
  const margin = threshold_mode === 'rel' ? best * threshold : threshold;
  return mode === 'min' ? metric < best - margin : metric > best + margin;
}

function reduced(lr: number, { factor, min_lr, eps = 1e-8 }: PlateauOptions): number {
  const next = Math.max(lr * factor, min_lr);
  return lr - next > eps ? next : lr;
}
