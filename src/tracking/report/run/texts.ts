import { existsSync } from 'node:fs';
import { tablesOf } from '../../../config/index.ts';
import { OrtrainError } from '../../../core/errors.ts';
import { hashFile } from '../../../core/hash.ts';
import { fileInside, folderInside } from '../../../core/inside.ts';
import { modelName } from '../../../core/model-name.ts';
import { normalizedText } from '../../../data/findings/index.ts';
import { differ } from '../../../data/examples/index.ts';
import { hasTokenizer, tokenizerFiles } from '../../../data/tokenizer/index.ts';
import { loadTokenizer } from '../../../data/tokens/index.ts';
import { mapText, textKey, type Text } from '../../../data/texts/index.ts';
import { openExamples, readValidatedExamples, type LabelledExamples, type TrainTexts } from '../../../tasks/index.ts';
import type { EvaluatedRun } from '../../evaluated-run.ts';

/** How many tokens texts have before they are cut, special tokens included. */
export interface TokenLengths {
  readonly lengths: Int32Array;
  /** Rows of which every n-th was counted. */
  readonly rows: number;
}

/**
 * The rows of oof.csv, of the training table or of one for validation: as the run has decoded them, or, where that is not at hand, as the
 * tables have them, unless they have changed since the run.
 *
 * @param decoded the folder of the output of the stage `examples`
 */
export async function readTrainTexts({ experiment, environment }: EvaluatedRun, decoded?: string): Promise<TrainTexts> {
  if (decoded !== undefined) {
    const { task, train, validation } = openExamples(decoded);
    const rows = validation ?? train;
    return { examples: { ids: rows.ids(), texts: rows.texts(), targets: rows.targets(), task } };
  }
  const sources = tablesOf(experiment.data);
  const missing = (reason: string): TrainTexts => ({ missing: `The texts are left out: ${reason}.` });
  for (const { path } of [sources.train, ...(sources.validation === null ? [] : [sources.validation])]) {
    if (!existsSync(path)) return missing(`${path} is not there any more`);
    if ((await hashFile(path)) !== environment.data[path]) return missing(`${path} has changed since the run`);
  }
  try {
    return { examples: await readValidatedExamples(sources, { ...experiment.data, task: experiment.task }) };
  } catch (error) {
    if (error instanceof OrtrainError) return missing(error.message);
    throw error;
  }
}

/**
 * Groups of rows, by their positions, whose texts are the same once letter case, spaces and addresses are set aside, and
 * whose targets are not. In the order of their first rows.
 */
export function conflictingTexts({ texts, targets }: Pick<LabelledExamples, 'texts' | 'targets'>): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  texts.forEach((text, row) => {
    const key = textKey(mapText(text, normalizedText));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  });
  return [...groups.values()].filter((rows) => differ(rows, targets));
}

/** Counting the tokens of more texts would take long and add little. */
const COUNTED_TEXTS = 20_000;

const UNCUT = Number.MAX_SAFE_INTEGER;

/** Counts with the tokenizer of one of the run's models; undefined where none of them is in the folder any more. */
export async function countTokens(
  { folder, metrics }: EvaluatedRun,
  { texts }: Pick<LabelledExamples, 'texts'>,
): Promise<TokenLengths | undefined> {
  const model = metrics.folds
    .map(({ fold, seeds: [first] = [] }) => `models/${modelName({ fold, seed: first?.seed })}`)
    .find((path) => hasTokenizer(folderInside(folder, path)));
  if (model === undefined) return undefined;
  const names = Object.keys(tokenizerFiles(folderInside(folder, model)));
  const tokenizer = await loadTokenizer(Object.fromEntries(names.map((name) => [name, fileInside(folder, `${model}/${name}`)])));
  const every = Math.ceil(texts.length / COUNTED_TEXTS);
  const counted = texts.filter((_, row) => row % every === 0);
  const tokensOf = (text: Text): number =>
    (typeof text === 'string' ? tokenizer.encode(text, UNCUT) : tokenizer.encodePair(text, UNCUT, 'longest_first')).ids.length;
  return { lengths: Int32Array.from(counted, (text) => tokensOf(text)), rows: texts.length };
}
