import type { ExperimentPlan, PlannedTogether, TokenCount } from '../../runner/plan/index.ts';
import type { Colors } from '../terminal.ts';
import { sections } from './layout/sections.ts';
import { left, prose, right, table } from './layout/table.ts';
import { bytes, count, duration, KEY_DIGITS, pathFromHere, plural, printable } from './layout/text.ts';

/** Several experiments by themselves, and together. */
export function sumText(
  plans: readonly ExperimentPlan[],
  { tasks, todo, diskBytes, checkpointBytes }: PlannedTogether,
  colors: Colors,
): string {
  const rows = plans.map(({ run, tasks: own, estimate }) => [
    run,
    count(own.filter(({ cached }) => !cached).length),
    estimate.peakBytes === null ? '' : bytes(estimate.peakBytes),
    estimate.diskBytes === null ? '' : bytes(estimate.diskBytes),
    estimate.seconds === null ? '' : duration(estimate.seconds),
  ]);
  return sections(
    [
      {
        title: `${plural(plans.length, 'experiment')}, each by itself`,
        lines: [table([left('run'), right('jobs to do'), right('memory'), right('disk'), right('time')], rows, colors)],
      },
      {
        title: 'together, shared stages counted once',
        lines: [
          `${plural(tasks, 'job')}: ${count(todo)} to run, ${count(tasks - todo)} in the cache`,
          ...(todo === 0 ? [] : [diskText(diskBytes, checkpointBytes)]),
        ],
      },
    ],
    colors,
  );
}

function diskText(diskBytes: number, checkpointBytes: number): string {
  const checkpoints = checkpointBytes === 0 ? '' : `, and up to ${bytes(checkpointBytes)} for checkpoints during training`;
  return `${bytes(diskBytes)} on disk${checkpoints}`;
}

/** One experiment: its jobs, why they are to be done, and what that takes. */
export function planText(plan: ExperimentPlan, colors: Colors): string {
  const { run, folder, device, deviceInWords, share, tasks, totals } = plan;
  const { rows, testRows, folds, seeds, epochs, steps, tokens } = totals;
  const todo = tasks.filter(({ cached }) => !cached).length;
  const beside = plural(share.lanes, seeds === 1 ? 'fold' : 'model');
  return sections(
    [
      { title: `${run} · into ${pathFromHere(folder)} · on ${device}`, lines: [jobTable(tasks, colors)] },
      { title: 'why', lines: whyLines(tasks) },
      {
        title: 'in total',
        lines: [
          `${plural(rows, 'row')} to train on, ${plural(testRows, 'row')} to predict`,
          `${plural(folds, 'fold')}${seeds === 1 ? '' : ` with ${plural(seeds, 'seed')}`} of ${plural(epochs, 'epoch')}: ` +
            `${[plural(steps, 'step'), ...(tokens === null ? [] : [tokensText(tokens)])].join(', ')}`,
          `${plural(tasks.length, 'job')}: ${count(todo)} to run, ${count(tasks.length - todo)} in the cache`,
          printable(deviceInWords),
          ...(share.lanes > 1 ? [`${beside} at the same time, ${plural(share.threads, 'thread')} each`] : []),
        ],
      },
      { title: 'estimate of the rest', lines: todo === 0 ? [] : estimateLines(plan) },
    ],
    colors,
  );
}

function estimateLines({ device, share, tasks, estimate }: ExperimentPlan): readonly string[] {
  const { peakBytes, gpu, diskBytes, checkpointBytes, seconds, source, atMost } = estimate;
  const most = tasks.find((job) => job.peakBytes === peakBytes)?.id ?? `${plural(share.lanes, 'fold')} at the same time`;
  const memory = [`${bytes(peakBytes ?? 0)} of memory at most, in ${most}`, ...(gpu === null ? [] : [gpuText(gpu)])];
  const disk = diskText(diskBytes ?? 0, checkpointBytes);
  const probe = device === 'cpu' ? '; --probe times a few batches' : ` on ${device}, and --probe times the CPU only`;
  if (seconds === null) return [...memory, disk, `time unknown: nothing like it has run on this machine${probe}`];
  return [
    ...memory,
    disk,
    `${duration(seconds)}${atMost ? ' at most, if no rule stops it earlier' : ''}${source === null ? '' : `, by speeds ${source}`}`,
  ];
}

/** `12.3 GB of GPU memory for training on 64 × 256 tokens at a time: does not fit in 8.0 GB; training.micro_batch: 8 would fit (5.1 GB)` */
function gpuText({ most, rows, width, memory, gpu, fits, remedy }: NonNullable<ExperimentPlan['estimate']['gpu']>): string {
  const what = most === 'training' ? 'training on' : 'evaluating';
  const batch = width === 1 ? plural(rows, 'row') : `${rows} × ${width} tokens`;
  const need = `${bytes(memory.total)} of GPU memory for ${what} ${batch} at a time`;
  if (gpu === null || fits === null) return `${need}; the memory of this machine's GPU is unknown`;
  const free = memory.total > gpu.freeBytes ? `, of which ${bytes(gpu.freeBytes)} are free now` : '';
  if (fits) return `${need}: fits in ${bytes(gpu.totalBytes)}${free}`;
  const answer =
    remedy === null ? 'one row at a time would not fit either' : `${remedy.key}: ${remedy.rows} would fit (${bytes(remedy.bytes)})`;
  return `${need}: does not fit in ${bytes(gpu.totalBytes)}${free}; ${answer}`;
}

function jobTable(jobs: ExperimentPlan['tasks'], colors: Colors): string {
  return table(
    [left('job'), left('state'), left('key'), right('memory'), right('time'), prose('work')],
    jobs.map(({ id, cached, key, peakBytes, seconds, detail, tokens }) => [
      id,
      cached ? colors.dim('cached') : 'to do',
      colors.dim(key.slice(0, KEY_DIGITS)),
      peakBytes === null ? '' : bytes(peakBytes),
      seconds === null ? '' : duration(seconds),
      [...detail, ...(tokens === null ? [] : [tokensText(tokens)])].join(' · '),
    ]),
    colors,
  );
}

function tokensText({ count: tokens, padding }: TokenCount): string {
  return `${plural(tokens, 'token')} and ${(100 * padding).toFixed(1)} % padding`;
}

/** Each reason once, after the jobs that it holds for. */
function whyLines(jobs: ExperimentPlan['tasks']): readonly string[] {
  const todo = jobs.filter(({ cached }) => !cached).map(({ id, why }) => ({ id, text: printable(why.join('; ')) }));
  return [...new Set(todo.map(({ text }) => text))].map(
    (text) =>
      `${todo
        .filter((job) => job.text === text)
        .map(({ id }) => id)
        .join(', ')}: ${text}`,
  );
}
