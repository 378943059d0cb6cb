import { OrtrainError } from '../../core/errors.ts';
import { isOutOfMemory } from '../../engine/runtime/index.ts';
import { bytes } from '../../core/text.ts';
import { fewerThan, remedyFor, tooMuchIn, type RowsKey } from '../../training/index.ts';
import { readData } from '../check/data.ts';
import type { Job } from '../jobs/job-graph.ts';
import { gpuPlan, type GpuPlan } from './gpu.ts';
import { madeRows } from './shortage.ts';
import { workloadOf } from './workload.ts';
import type { PreparedRun } from '../prepare.ts';

/** An error as it is to be told: where memory ran out, with what the plan knows of the need, and the value that it finds to fit. */
export async function explainedMemory(error: unknown, prepared: PreparedRun, { id }: Pick<Job, 'id'>, lanes: number): Promise<unknown> {
  if (!isOutOfMemory(error)) return error;
  const key = tooMuchIn(error);
  const plan = await planned(prepared);
  const rows = key === undefined ? null : rowsFor(key, prepared, plan);
  const need =
    plan === null
      ? ''
      : `; ${id} needs about ${bytes(plan.memory.total)} at its worst ` +
        `moment${plan.gpu === null ? '' : `, and the GPU has ${bytes(plan.gpu.totalBytes)}`}`;
  return new OrtrainError('run', `${error.message}${need}`, {
    ...(error.subject === undefined ? {} : { subject: error.subject }),
    problems: error.problems.map((problem) => ({ ...problem, message: `${error.message}${need}` })),
    remedy: [...othersFirst(plan, lanes), key === undefined ? (error.remedy ?? '') : remedyFor(key, rows)].join(' '),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  });
}

/** By the plan where it says so; half as many where it took those that failed for few enough. */
function rowsFor(key: RowsKey, { experiment: { training } }: PreparedRun, plan: GpuPlan | null): number | null {
  if (plan?.fits === false && (plan.remedy === null || plan.remedy.key === key)) return plan.remedy?.rows ?? null;
  return fewerThan(
    key === 'training.micro_batch' ? Math.min(training.micro_batch ?? Infinity, training.batch_size) : training.eval_batch_size,
  );
}

function othersFirst(plan: GpuPlan | null, lanes: number): readonly string[] {
  if (lanes > 1) return ['Train fewer folds at a time with resources.parallel_folds: 1; where that is not enough:'];
  return plan?.fits === true ? ['The estimate says that it fits, so see with nvidia-smi who else holds memory of the GPU; otherwise:'] : [];
}

/** Null on the CPU, and where it fails: nothing may hide what has happened. */
async function planned(prepared: PreparedRun): Promise<GpuPlan | null> {
  const { device, experiment } = prepared;
  if (device === 'cpu') return null;
  try {
    const workload = await workloadOf(prepared, (await madeRows(prepared)) ?? (await readData(experiment)));
    return workload === undefined ? null : await gpuPlan(workload, experiment.training, device);
  } catch {
    return null;
  }
}
