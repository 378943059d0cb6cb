import { bytes } from '../../core/text.ts';
import { openOutput } from '../../stages/index.ts';
import { remedyFor } from '../../training/index.ts';
import { addressOf, type Job } from '../jobs/job-graph.ts';
import type { PreparedRun } from '../prepare.ts';
import { gpuPlan } from './gpu.ts';
import type { PlannedRows } from './tokens.ts';
import { workloadOf } from './workload.ts';

/**
 * Why a run whose tables are decoded, tokenized and split does not fit into the memory of the GPU by the plan, and what to do, as a
 * sentence; undefined where it fits, or nobody knows.
 */
export async function gpuShortage(prepared: PreparedRun): Promise<string | undefined> {
  const { device, experiment } = prepared;
  if (device === 'cpu') return undefined;
  const rows = await madeRows(prepared);
  const workload = rows === undefined ? undefined : await workloadOf(prepared, rows);
  const plan = workload === undefined ? null : await gpuPlan(workload, experiment.training, device);
  if (plan?.gpu === null || plan?.fits !== false) return undefined;
  const { most, memory, gpu, remedy } = plan;
  const key = most === 'training' ? 'training.micro_batch' : 'training.eval_batch_size';
  return (
    `the run may not fit into the GPU's memory: ${most} on ${plan.rows} × ${plan.width} tokens at a time needs about ` +
    `${bytes(memory.total)}, and the GPU has ${bytes(gpu.totalBytes)}. ${remedyFor(remedy?.key ?? key, remedy?.rows ?? null)}`
  );
}

/** The rows as stages of this run have left them; undefined where they have not run, or what they left is broken. */
export async function madeRows({ jobs, cache }: PreparedRun): Promise<PlannedRows | undefined> {
  const made = async (kind: Job['stage']['makes']): Promise<string | undefined> => {
    const job = jobs.find(({ stage }) => stage.makes === kind);
    return job !== undefined && (await cache.inspect(addressOf(job))).kind === 'sound' ? job.output : undefined;
  };
  const [decoded, divided] = [await made('examples'), await made('folds')];
  if (decoded === undefined || divided === undefined) return undefined;
  const { task, labelled, test } = openOutput('examples', decoded);
  return {
    labelled: {
      task,
      get targets() {
        return labelled.targets();
      },
      get texts() {
        return labelled.texts();
      },
    },
    test:
      test === null
        ? undefined
        : {
            get texts() {
              return test.texts();
            },
          },
    division: await openOutput('folds', divided).division(),
  };
}
