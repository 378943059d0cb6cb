import type { Experiment } from '../../config/index.ts';
import type { ModelId } from '../../core/model-name.ts';
import { seedFor } from '../../core/random.ts';
import { valueAt } from '../../core/values.ts';
import { rowsOfFold, type Division } from '../../data/folds/index.ts';
import { batchTokens, evaluationBatches, planBatches, tokenLengths, type Batch, type TokenSet } from '../../data/tokens/index.ts';

/** A size of batch that occurs, and how often. */
export interface BatchSize {
  /** Rows of one such batch, as positions in the table that the texts come from. */
  readonly rows: Int32Array;
  /** Tokens that each text is padded to; 1 for features of a frozen encoder. */
  readonly width: number;
  readonly count: number;
}

/** Everything that goes through a model in one way, in all epochs together. */
export interface PlannedBatches {
  readonly tokens: number;
  /** Tokens with the padding. */
  readonly positions: number;
  /** The largest first. */
  readonly sizes: readonly BatchSize[];
}

/** What a fold's model takes. */
export interface ModelBatches {
  readonly training: PlannedBatches;
  readonly validation: PlannedBatches;
}

/** How many tokens each text has; without `lengths` of the test rows there are none to predict. */
export interface Lengths {
  readonly train: Int32Array;
  readonly test: Int32Array | undefined;
}

/** Of tokens, or, where the head is trained on features, of the one vector that each text is. */
export function textLengths(train: TokenSet, test: TokenSet | undefined, onFeatures: boolean): Lengths {
  const lengths = (set: TokenSet): Int32Array => (onFeatures ? tokenLengths(set).fill(1) : tokenLengths(set));
  return { train: lengths(train), test: test === undefined ? undefined : lengths(test) };
}

/** What training a model to its last epoch takes: the very batches that the run will make. Nothing validates a model of all rows. */
export function modelBatches(
  { fold }: Pick<ModelId, 'fold'>,
  division: Division,
  lengths: Int32Array,
  { training, model, seed }: Experiment,
): ModelBatches {
  const all = { train: Int32Array.from(lengths.keys()), validation: new Int32Array(0) };
  const { train: trainRows, validation: validationRows } = fold === 'all' ? all : rowsOfFold(division, fold);
  const { batch_size: batchSize, batching, padding, epochs } = training;
  const trainLengths = trainRows.map((row) => valueAt(lengths, row));
  const counted = countBatches(trainLengths, trainRows);
  for (let epoch = 1; epoch <= epochs; epoch += 1) {
    counted.add(
      planBatches(trainLengths, {
        batchSize,
        batching,
        padding,
        maxLength: model.max_seq_length,
        seed: fold === 'all' ? seedFor(seed, 'all') : seedFor(seed, 'fold', fold),
        epoch,
      }),
      1,
    );
  }
  return { training: counted.total(), validation: forwardBatches(lengths, validationRows, training.eval_batch_size, epochs) };
}

/** What predicting rows takes, so many times over. */
export function forwardBatches(lengths: Int32Array, rows: Int32Array, batchSize: number, times: number): PlannedBatches {
  const own = rows.map((row) => valueAt(lengths, row));
  const counted = countBatches(own, rows);
  counted.add(evaluationBatches(own, batchSize), times);
  return counted.total();
}

/** `forwardBatches` of a whole table. */
export function tableBatches(lengths: Int32Array, batchSize: number, times: number): PlannedBatches {
  return forwardBatches(lengths, lengths.map((_, row) => row), batchSize, times);
}

/** Of batches that are cut into parts of so many rows, the largest part; the largest batch where they are not. */
export function largestPart(sizes: readonly BatchSize[], rows: number | null = null): BatchSize | undefined {
  const parts = sizes.map((size) => (rows === null ? size : { ...size, rows: size.rows.subarray(0, rows) }));
  return parts.toSorted((a, b) => b.rows.length * b.width - a.rows.length * a.width)[0];
}

/** @param rows the position in the table of each of the lengths */
function countBatches(
  lengths: Int32Array,
  rows: Int32Array,
): { add(batches: readonly Batch[], times: number): void; total(): PlannedBatches } {
  let [tokens, positions] = [0, 0];
  const sizes = new Map<string, { readonly batch: Batch; count: number }>();
  return {
    add(batches, times) {
      const all = batchTokens(lengths, batches);
      tokens += times * all.tokens;
      positions += times * all.positions;
      for (const batch of batches) {
        const key = `${batch.rows.length}×${batch.width}`;
        const known = sizes.get(key);
        if (known === undefined) sizes.set(key, { batch, count: times });
        else known.count += times;
      }
    },
    total: () => ({
      tokens,
      positions,
      sizes: [...sizes.values()]
        .map(({ batch, count }) => ({ rows: batch.rows.map((i) => valueAt(rows, i)), width: batch.width, count }))
        .sort((a, b) => b.rows.length * b.width - a.rows.length * a.width),
    }),
  };
}
