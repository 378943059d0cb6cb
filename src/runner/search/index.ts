export type { RankedMember } from './ranking.ts';
export { scoreOf } from './score.ts';
export type { SweepOutcome } from './run-trials.ts';
export { runSweep, type SweepDocument, type SweepResult } from './run-sweep.ts';
