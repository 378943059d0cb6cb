export { scoreOf } from './ranking.ts';
export { runSweep, type SweepDocument } from './run-sweep.ts';
