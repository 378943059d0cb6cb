import { seedFor } from '../../core/random.ts';
import { valueAt } from '../../core/values.ts';
import type { Feeds } from '../../engine/program.ts';
import { openForward, type ForwardModel } from '../../engine/runtime/index.ts';
import { emptyTargets, encodingPrograms, openClassifier, stepFeedsOf } from '../../training/index.ts';
import type { PreparedRun } from '../prepare.ts';
import type { BatchSize } from './planned-batches.ts';
import { costBetween, type Cost, type Speeds } from './speeds.ts';
import type { Part, Workload } from './workload.ts';

/** Which speeds are asked for. */
export interface Wanted {
  readonly training: boolean;
  readonly evaluation: boolean;
  readonly encoding: boolean;
}

/**
 * Times a few batches of this run on the CPU, of the sizes that it has, on models that are opened for it and forgotten. About 20 s at most.
 */
export async function probeSpeeds(prepared: PreparedRun, workload: Workload, wanted: Wanted): Promise<Speeds> {
  const onModel = wanted.training || wanted.evaluation ? await timeModel(prepared, workload, wanted) : undefined;
  const encoding = wanted.encoding ? await timeEncoder(prepared, workload) : undefined;
  return {
    source: 'timed now',
    open: onModel?.open ?? encoding?.open,
    step: onModel?.step,
    evaluate: onModel?.evaluate,
    encode: encoding?.encode,
  };
}

/** Seconds for one of the three kinds of batches, after which no further one is begun. */
const SECONDS_PER_KIND = 8;

/** How often each size is timed, where time allows; more would add little. */
const MOST_ROUNDS = 9;

/** Sizes that are timed, as shares of all batches below them; the first are the most telling, should there be time for no more. */
const QUANTILES = [0.5, 1, 0.05, 0.8];

type ModelSpeeds = Pick<Speeds, 'step' | 'evaluate'> & { readonly open: number };

async function timeModel({ experiment, threads }: PreparedRun, workload: Workload, wanted: Wanted): Promise<ModelSpeeds> {
  const { whole, weights, part, task, models, prediction } = workload;
  const [planned] = models.values();
  const seed = seedFor(experiment.seed, 'fold', 0); // no speed depends on it
  const { opened, seconds: open } = await opening(async () => {
    const { model, training } = experiment;
    const { trainer } = await openClassifier({
      weights,
      model,
      task,
      part,
      training,
      precision: workload.precision,
      device: 'cpu',
      threads,
      seed,
    });
    return trainer;
  });
  // A rate of zero: the same work, and the weights stay as they came.
  const step = async (size: BatchSize): Promise<unknown> => {
    const fed = (rows: Int32Array): Feeds => ({
      ...workload.feeds('train', { ...size, rows }),
      ...emptyTargets(whole, rows.length),
    });
    return opened.step(stepFeedsOf(size.rows, experiment.training, fed), { lr: 0 });
  };
  const forward = (part: Part) => async (size: BatchSize): Promise<unknown> => opened.forward(workload.feeds(part, size));
  try {
    return {
      open,
      step: wanted.training ? await timed(planned?.training.sizes ?? [], step) : undefined,
      evaluate: wanted.training
        ? await timed(planned?.validation.sizes ?? [], forward('train'))
        : await timed(prediction?.sizes ?? [], forward('test')),
    };
  } finally {
    await opened.release();
  }
}

async function timeEncoder(
  { experiment, threads }: PreparedRun,
  { weights, whole, part, encoding, texts }: Workload,
): Promise<{ readonly open: number; readonly encode: Cost | undefined }> {
  if (part.fed === 'tokens') throw new Error('nothing is computed once');
  const [program] = encodingPrograms(whole, part);
  const { opened, seconds: open } = await opening(() =>
    openForward({ program, threads, source: weights.source(program.parameters, experiment.seed).source }),
  );
  try {
    return { open, encode: await timed(encoding.get('train')?.sizes ?? [], async (size) => opened.forward(texts('train', size))) };
  } finally {
    await opened.release();
  }
}

/** The first time, the runtime's library is loaded, too; so what takes little time is done twice. */
async function opening<M extends ForwardModel>(open: () => Promise<M>): Promise<{ readonly opened: M; readonly seconds: number }> {
  const began = performance.now();
  const first = await open();
  const seconds = (performance.now() - began) / 1000;
  if (seconds > SHORT) return { opened: first, seconds };
  await first.release();
  const again = performance.now();
  return { opened: await open(), seconds: (performance.now() - again) / 1000 };
}

const SHORT = 2;

/**
 * The sizes in turn, so that what slows the machine down meanwhile slows all of them; of each the median, without the first use of its
 * memory.
 */
async function timed(sizes: readonly BatchSize[], run: (size: BatchSize) => Promise<unknown>): Promise<Cost | undefined> {
  const chosen = [...new Set(QUANTILES.map((share) => quantile(sizes, share)))].filter((size) => size !== undefined);
  const seconds = chosen.map((): number[] => []);
  const end = performance.now() + 1000 * SECONDS_PER_KIND;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    for (const [i, size] of chosen.entries()) {
      if (performance.now() > end) break;
      const began = performance.now();
      await run(size);
      seconds[i]?.push((performance.now() - began) / 1000);
    }
  }
  return costBetween(
    chosen.flatMap(({ rows, width }, i) =>
      seconds[i]?.length === 0 ? [] : [{ positions: rows.length * width, seconds: median(seconds[i] ?? []) }],
    ),
  );
}

/** The size below which this share of the batches is. */
function quantile(sizes: readonly BatchSize[], share: number): BatchSize | undefined {
  const ascending = sizes.toReversed();
  let left = share * ascending.reduce((total, { count }) => total + count, 0);
  return ascending.find(({ count }) => (left -= count) <= 0) ?? ascending.at(-1);
}

function median(seconds: readonly number[]): number {
  const sorted = (seconds.length > 1 ? seconds.slice(1) : [...seconds]).sort((a, b) => a - b);
  return (valueAt(sorted, Math.floor((sorted.length - 1) / 2)) + valueAt(sorted, Math.floor(sorted.length / 2))) / 2;
}
