import { totalmem } from 'node:os';
import type { PreparedRun } from '../prepare.ts';
import type { Job } from './job-graph.ts';
import { trainingSteps, type StepCost } from './training-steps.ts';

/** How many jobs of one stage run at a time, and with how many threads each. */
export interface Parallelism {
  readonly lanes: number;
  readonly threads: number;
}

/** Jobs in their order, those of one stage together: they need nothing of each other. */
export function byStage(jobs: readonly Job[]): readonly (readonly Job[])[] {
  const groups = new Map<string, Job[]>();
  for (const job of jobs) groups.set(job.stage.name, [...(groups.get(job.stage.name) ?? []), job]);
  return [...groups.values()];
}

/**
 * Divides the threads among folds that run in parallel. The result depends on nothing that changes from start to start, such as
 * free memory: sums over more threads may be rounded differently, and a resumed run must continue as it began.
 */
export async function parallelismOf(prepared: PreparedRun, jobs: readonly Job[]): Promise<Parallelism> {
  const { threads } = prepared;
  const lanes = prepared.device === 'cpu' && jobs.length > 1 ? Math.min(jobs.length, await lanesFor(prepared, threads)) : 1;
  return { lanes, threads: Math.max(1, Math.floor(threads / lanes)) };
}

async function lanesFor(prepared: PreparedRun, threads: number): Promise<number> {
  const asked = prepared.experiment.resources.parallel_folds;
  if (asked !== 'auto') return asked;
  const { costs } = await trainingSteps(prepared, { outputs: 1, loss: 'bce' }); // next to the encoder, other outputs would weigh nothing
  return worthwhileLanes(costs, threads, Math.min(totalmem(), process.constrainedMemory() || Infinity));
}

/**
 * As many lanes as there are threads where a typical step is too small for threads to share it well, and all lanes together
 * take at most half of the machine's memory; otherwise one.
 *
 * @param costs of the typical batch first, of the largest last
 */
export function worthwhileLanes(costs: readonly StepCost[], threads: number, memoryBytes: number): number {
  const [typical, largest] = [costs[0], costs.at(-1)];
  if (typical === undefined || largest === undefined || typical.work.total > MOST_WORK_BESIDE) return 1;
  const { parameters, optimizerState, peak } = largest.memory;
  const bytes = PROCESS_BYTES + ARENA * (parameters + optimizerState + peak);
  return Math.max(1, Math.min(threads, Math.floor(memoryBytes / 2 / bytes)));
}

/**
 * Operations of a step up to which folds side by side were measured to be faster (bench/LOG.md): one of 2.5 GFLOP took 1.1 times as
 * long on one thread beside another such step as alone on two threads. One of 65 GFLOP takes 1.6 times as long on one thread, which
 * five folds on two cores do not win from.
 */
const MOST_WORK_BESIDE = 3e9;

/** Node and onnxruntime before there is a model. */
const PROCESS_BYTES = 200e6;

/** What the runtime's arena holds for each byte that the values of a step take at a time. */
const ARENA = 2;
