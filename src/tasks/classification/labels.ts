import type { Targets, TargetWords } from '../../data/examples/index.ts';

export const CLASS_WORDS: TargetWords = { one: 'class', many: 'classes' };

/** Targets of class numbers. */
export function classTargets(labels: ArrayLike<number>): Targets {
  return { width: 1, values: Float64Array.from(labels) };
}

export function labelsOf({ values }: Targets): Int32Array {
  return Int32Array.from(values);
}
