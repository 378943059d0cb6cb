export {
  compareRuns,
  scoresOf,
  type Compared,
  type ComparedMetric,
  type ComparedValue,
  type Comparison,
  type SideBySide,
} from './compare.ts';
export { diffRuns, type RunDiff } from './diff.ts';
export type { Pair, Paired } from './pairing.ts';
export { chance, range } from './verdict.ts';
