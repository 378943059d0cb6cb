import type { ParameterGroup } from '../../src/engine/optim/index.ts';

/** One group, with the rate of the step. */
export function decayed(weightDecay: number): () => ParameterGroup {
  return () => ({ lrScale: 1, weightDecay });
}

/** Three groups for models with parameters such as `b1` and `w2`: all differ in the rate, one has no weight decay. */
export function threeGroups(name: string): ParameterGroup {
  if (name === 'b1') return { lrScale: 0.5, weightDecay: 0 };
  return { lrScale: name.endsWith('2') ? 1.25 : 1, weightDecay: 0.02 };
}
