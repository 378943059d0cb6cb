import { planBatches, type Batch } from '../src/data/tokens/batches.ts';
import { loadTokenizer, tokenize, tokenLengths, type TokenSet } from '../src/data/tokens/tokens.ts';
import { tokenizerFiles } from '../src/data/tokenizer/files.ts';
import { batchSize, openOurs, openPytorch, type Side, type TextBatch } from './classifier.ts';
import { milliseconds, none, times, type Finding, type Measurement, type Setting } from './measurement.ts';
import { openPython, type Python } from './python.ts';
import { watchOthers } from './turns.ts';
import { maxLength, trainTexts, type Tweets } from './tweets.ts';

export interface EpochOptions {
  readonly tweets: Tweets;
  /** One of so many batches is measured, and stands for the others. */
  readonly every: number;
}

/** How a side goes through the epoch. */
interface Way {
  readonly name: string;
  readonly side: Side;
  readonly width: (batch: TextBatch) => number;
  /** How many times as fast we want to be. */
  readonly goal: number | undefined;
}

/**
 * An epoch of training on all tweets from pretrained weights: ours, PyTorch on the same batches, and PyTorch on batches padded as the
 * notebook's.
 */
export function measureEpoch(setting: Setting, options: EpochOptions): Measurement {
  return {
    title: 'an epoch of the tweets',
    columns: ['', 'epoch, s', 'batch, ms', 'ortrain is faster', 'goal'],
    findings: findings(setting, options),
  };
}

async function* findings({ threads, python: interpreter }: Setting, { tweets, every }: EpochOptions): AsyncGenerator<Finding> {
  const { texts, labels } = await trainTexts(tweets);
  const tokens = tokenize(await loadTokenizer(tokenizerFiles(tweets.model)), texts, maxLength);
  const batches = planBatches(tokenLengths(tokens), {
    batchSize,
    batching: 'length-buckets',
    padding: 'longest',
    maxLength,
    seed: 1,
    epoch: 1,
  });
  const sample = sampleOf(batches, every).map((batch) => textBatch(batch, tokens, labels));
  const python = interpreter === undefined ? undefined : await openPython(interpreter);
  try {
    const ways = await openWays({ name: 'tweets', encoder: { model: tweets.model }, threads }, python);
    const others = watchOthers(python === undefined ? [] : [python.pid]);
    const sums = await takeTurns(ways, sample);
    const disturbance = others();
    for (const side of new Set(ways.map((way) => way.side))) await side.close();
    const seconds = sums.map((sum) => (sum / 1000) * (batches.length / sample.length));
    for (const [i, { name, goal }] of ways.entries()) {
      const faster = i === 0 ? none : times(seconds[i] ?? NaN, seconds[0] ?? NaN);
      yield [name, (seconds[i] ?? NaN).toFixed(0), milliseconds((sums[i] ?? NaN) / sample.length), faster, goal?.toFixed(1) ?? none];
    }
    const measured =
      every === 1
        ? `All ${batches.length} batches`
        : `${sample.length} of the ${batches.length} batches, one of every ${every} in the order of their widths, stand for all; they`;
    yield `${measured} were taken by the sides in turn, while other processes used ${disturbance.toFixed(2)} cores. ${texts.length} texts, ${batchSize} a batch, without evaluation.`;
  } finally {
    await python?.close();
  }
}

/** Every nth batch by width, from the middle of the first n: as many long ones as the epoch has. */
function sampleOf(batches: readonly Batch[], every: number): readonly Batch[] {
  const byWidth = [...batches].sort((a, b) => a.width - b.width);
  return byWidth.filter((_, i) => i % every === Math.floor(every / 2));
}

function textBatch({ rows, width }: Batch, tokens: TokenSet, labels: Int32Array): TextBatch {
  return { texts: Array.from(rows, (row) => tokens.row(row)), width, labels: Array.from(rows, (row) => labels[row] ?? 0) };
}

async function openWays(subject: Parameters<typeof openOurs>[0], python: Python | undefined): Promise<readonly Way[]> {
  const asItIs = ({ width }: TextBatch): number => width;
  const ours: Way = { name: 'ortrain, texts of similar length together', side: await openOurs(subject), width: asItIs, goal: undefined };
  if (python === undefined) return [ours];
  const side = await openPytorch(subject, 'eager', python);
  if (typeof side === 'string') throw new Error(side);
  return [
    ours,
    { name: 'PyTorch eager on the same batches', side, width: asItIs, goal: 1 },
    { name: `PyTorch eager, all padded to ${maxLength}, as in the notebook`, side, width: () => maxLength, goal: 5 },
  ];
}

/** Milliseconds that each way took for all the batches, after a warm-up on the widest. */
async function takeTurns(ways: readonly Way[], batches: readonly TextBatch[]): Promise<readonly number[]> {
  const step = async ({ side, width }: Way, batch: TextBatch): Promise<number> =>
    (await side.steps({ ...batch, width: width(batch) }, 1))[0] ?? NaN;
  const widest = batches.at(-1);
  for (const way of widest === undefined ? [] : ways) await step(way, widest as TextBatch);
  const sums = ways.map(() => 0);
  for (const batch of batches) {
    for (const [i, way] of ways.entries()) sums[i] = (sums[i] ?? 0) + (await step(way, batch));
  }
  return sums;
}
