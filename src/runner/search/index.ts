export { scoreOf, type RankedMember } from './ranking.ts';
export { runSweep, type SweepDocument, type SweepResult } from './run-sweep.ts';
