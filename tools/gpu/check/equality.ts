import type { Device, Trainer } from '../../../src/engine/runtime/index.ts';
import type { Precision } from '../../../src/engine/precision.ts';
import { open } from './open.ts';
import { rounded, type Figures } from './report.ts';
import { adam, averaged } from '../../../src/engine/optim/index.ts';
import { tinyEncoders } from '../../../test/engine/models/tiny.ts';
import { bertConfig } from '../../../bench/classifier.ts';
import { subjectWith, type Subject } from './subject.ts';

const STEPS = 12;

/**
 * Losses with dropout and clipping, and logits afterwards, of a device beside those of the CPU in float32, from the same weights and
 * batches.
 */
export async function equality(device: Device, precision: Precision, tolerance: number): Promise<Figures> {
  const { losses, logits, last } = await apart(device, precision, (shape, each) =>
    subjectWith(bertConfig('tiny'), shape, each, { clipNorm: 1 }),
  );
  return { tolerance, losses: rounded(losses), logits: rounded(logits), last: rounded(last, 7), ok: losses <= tolerance };
}

/** The same of every encoder, four layers of 64; of BERT also with rows that weigh differently and an average of the weights. */
export async function encoders(device: Device, tolerance: number): Promise<Figures> {
  const average = { optimizer: { rule: averaged(adam({ betas: [0.9, 0.999], eps: 1e-8 }), 0.9) } };
  const { bert, ...others } = tinyEncoders;
  const trials = [
    ['bert', bert!, {}] as const,
    ['bert, weighted and averaged', bert!, { weighted: true, ...average }] as const,
    ...Object.entries(others).map(([name, encoder]) => [name, encoder, {}] as const),
  ];
  const found: Record<string, Omit<Apart, 'last'>> = {};
  for (const [name, { json, keys }, extra] of trials) {
    const config = { ...json, [keys.layers]: 4, [keys.width]: 64, max_position_embeddings: 64, vocab_size: 500 };
    const { losses, logits, worst } = await apart(device, 'float32', (shape, precision) =>
      subjectWith(config, shape, precision, { clipNorm: 1, ...extra }),
    );
    found[name] = { losses: rounded(losses), logits: rounded(logits), worst };
  }
  return { tolerance, ...found, ok: Object.values(found).every(({ losses, logits }) => Math.max(losses, logits) <= tolerance) };
}

interface Apart {
  readonly losses: number;
  readonly logits: number;
  /** The step with the largest difference of a loss. */
  readonly worst: number;
  /** The last loss. */
  readonly last: number;
}

interface Rows {
  readonly batch: number;
  readonly length: number;
}

async function apart(
  device: Device,
  precision: Precision,
  subjectFor: (shape: Rows, precision: Precision) => Subject,
): Promise<Apart> {
  const shapes: readonly Rows[] = [{ batch: 16, length: 24 }, { batch: 9, length: 40 }];
  const [reference, subjects] = (['float32', precision] as const).map((each) => shapes.map((shape) => subjectFor(shape, each))) as [
    Subject[],
    Subject[],
  ];
  const batches = Array.from({ length: STEPS }, (_, i) => ({ ...subjects[i % 2]!.batch(), rates: { lr: 1e-3 } }));
  const train = async (on: Device, of: readonly Subject[]): Promise<readonly [losses: readonly number[], logits: Float32Array]> => {
    const trainer: Trainer = await open(on, of[0]!.options);
    const results = [...(await trainer.steps(batches.slice(0, 3))), ...(await trainer.steps(batches.slice(3)))];
    const logits = await trainer.forward(batches[0]!.feeds);
    await trainer.release();
    return [results.map(({ loss }) => loss), logits];
  };
  const [[expected, expectedLogits], [found, foundLogits]] = [await train('cpu', reference), await train(device, subjects)];
  const differences = found.map((loss, i) => Math.abs(loss - expected[i]!));
  const losses = largestDifference(found, expected);
  return {
    losses,
    worst: differences.indexOf(losses) + 1,
    logits: largestDifference(foundLogits, expectedLogits),
    last: found.at(-1)!,
  };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce((largest, x, i) => (Math.abs(x - b[i]!) <= largest ? largest : Math.abs(x - b[i]!)), 0);
}
