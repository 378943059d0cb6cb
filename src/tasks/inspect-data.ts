import type { Experiment } from '../config/index.ts';
import type { Division } from '../data/folds/index.ts';
import { inspectTexts, inspectTokens, overlapFindings, type Finding } from '../data/findings/index.ts';
import { plural } from '../core/text.ts';
import type { TableColumns } from '../data/tables/index.ts';
import { differ, isLabelled } from '../data/examples/index.ts';
import type { EncodingOptions, Tokenizer } from '../data/tokens/index.ts';
import { segmentSources, type Text } from '../data/texts/index.ts';
import type { TrainExamples } from './examples.ts';
import { weightFindings } from './weight-findings.ts';

/** The data of an experiment, read and divided. */
export interface Dataset {
  /** The training table. */
  readonly table: TableColumns;
  /** Its rows, what is trained on of them, and how that is divided. */
  readonly examples: Omit<TrainExamples, 'groups'>;
  readonly division: Division;
  /** Those of a table of its own for validation; null where there is none. */
  readonly validationTexts?: readonly Text[] | null;
  /** The texts to predict; null where there are none. */
  readonly testTexts: readonly Text[] | null;
}

/** The part of an experiment on which findings depend. */
export interface InspectionOptions {
  readonly data: Pick<Experiment['data'], 'id' | 'text' | 'target' | 'conflicts'> & Partial<Pick<Experiment['data'], 'weight'>>;
  readonly split: Pick<Experiment['split'], 'folds' | 'shuffle'>;
  readonly model: Pick<Experiment['model'], 'max_seq_length'>;
  /** How training makes its batches of tokens; null where it has none, because the encoder is frozen. */
  readonly training: Pick<Experiment['training'], 'batch_size' | 'batching' | 'padding'> | null;
}

/**
 * Everything about the data that is worth knowing before training, warnings first. Without a tokenizer nothing is said about
 * tokens. `encoding.onProgress` is called now and then, and may throw to stop.
 */
export async function inspectData(
  { table, examples, division, validationTexts = null, testTexts }: Dataset,
  { data, split, model, training }: InspectionOptions,
  tokenizer: Tokenizer | null,
  encoding: Pick<EncodingOptions, 'threads' | 'onProgress'> = {},
): Promise<readonly Finding[]> {
  const { all } = examples;
  // Of several repeats the first one stands for all.
  const [foldOf = new Int32Array(0)] = division.foldOf;
  const folds = division.count / division.foldOf.length;
  const batches = training === null ? null : { batchSize: training.batch_size, batching: training.batching, padding: training.padding };
  const ofSameText = (alike: readonly (readonly number[])[]): readonly Finding[] => {
    const conflicting = alike
      .map((rows) => rows.filter((row) => isLabelled(all.targets, row)))
      .filter((rows) => rows.length > 1 && differ(rows, all.targets));
    return all.task.conflicts(all, conflicting, data.conflicts);
  };
  const target = all.task.words.one;
  const names = segmentSources(data.text);
  const findings: readonly Finding[] = [
    ...withoutTarget(examples),
    ...weightFindings(examples),
    ...inspectTexts({ texts: all.texts, kept: examples, foldOf, test: testTexts, names, target, ofSameText }),
    ...(validationTexts === null ? [] : overlapFindings(examples.texts, validationTexts, testTexts)),
    ...all.task.findings({ table, used: data, all, kept: examples, foldOf, folds, shuffle: split.shuffle }),
    ...(tokenizer === null
      ? [noTokenizer]
      : await inspectTokens(tokenizer, examples.texts, testTexts ?? [], { maxLength: model.max_seq_length, batches }, encoding)),
  ];
  return findings.toSorted((a, b) => rank(a) - rank(b));
}

function withoutTarget({ all, cleaning: { unlabelled = 0 } }: Dataset['examples']): readonly Finding[] {
  if (unlabelled === 0) return [];
  const have = unlabelled === 1 ? 'has no target and is left out' : 'have no target and are left out';
  return [
    {
      severity: 'info',
      code: 'rows-without-target',
      message: `${unlabelled} of ${plural(all.ids.length, 'row')} ${have}`,
      count: unlabelled,
      examples: [],
    },
  ];
}

function rank({ severity }: Finding): number {
  return severity === 'warning' ? 0 : 1;
}

const noTokenizer: Finding = {
  severity: 'info',
  code: 'no-tokenizer',
  message:
    'the model is not on this machine yet, so nothing is said about cut texts, padding and unknown words; a run fetches it, and ' +
      'writes findings.json with these',
  count: 0,
  examples: [],
};
