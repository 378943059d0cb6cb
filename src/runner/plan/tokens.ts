import { join } from 'node:path';
import type { Targets } from '../../data/examples/index.ts';
import { encodeTexts, loadTokenizer, loadTokens, type TokenSet } from '../../data/tokens/index.ts';
import type { Text } from '../../data/texts/index.ts';
import type { Division } from '../../data/folds/index.ts';
import type { Task } from '../../tasks/index.ts';
import type { PreparedRun } from '../prepare.ts';
import { addressOf } from '../jobs/job-graph.ts';

/** The rows of a run. Texts are looked at only where they are not tokenized yet. */
export interface PlannedRows {
  /** Those that models are trained on or validated by. */
  readonly labelled: { readonly task: Task; readonly targets: Targets; readonly texts: readonly Text[] };
  /** Undefined where there are no rows to predict. */
  readonly test: { readonly texts: readonly Text[] } | undefined;
  /** Of these rows. */
  readonly division: Division;
}

export interface PlannedTokens {
  readonly train: TokenSet;
  readonly test: TokenSet | undefined;
  /** What making them took; 0 where the cache had them. */
  readonly seconds: number;
}

/** The tokens of the run: from the cache, or made now, which costs little. Undefined where no stage makes tokens. */
export async function plannedTokens(
  { jobs, cache, experiment, forced, threads }: PreparedRun,
  { labelled, test }: Pick<PlannedRows, 'labelled' | 'test'>,
): Promise<PlannedTokens | undefined> {
  const job = jobs.find(({ stage }) => stage.name === 'tokenize');
  if (job === undefined) return undefined;
  if (!forced.has(job.id) && (await cache.inspect(addressOf(job))).kind === 'sound') {
    const load = (part: string): TokenSet => loadTokens(join(job.output, `${part}.tokens`));
    return { train: load('train'), test: test === undefined ? undefined : load('test'), seconds: 0 };
  }
  const began = performance.now();
  const tokenizer = await loadTokenizer(job.files);
  const { max_seq_length: maxLength, truncation } = experiment.model;
  const encode = (texts: readonly Text[]): Promise<TokenSet> => encodeTexts(tokenizer, texts, maxLength, { threads, truncation });
  return {
    train: await encode(labelled.texts),
    test: test === undefined ? undefined : await encode(test.texts),
    seconds: (performance.now() - began) / 1000,
  };
}
