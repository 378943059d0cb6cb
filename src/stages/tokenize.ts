import { join } from 'node:path';
import type { Experiment } from '../config/index.ts';
import { encodeTexts, loadTokenizer, saveTokens } from '../data/tokens/index.ts';
import type { Text } from '../data/texts/index.ts';
import { tokenizerFiles } from '../data/tokenizer/index.ts';
import { tokenFile } from './outputs.ts';
import type { Stage } from './stage.ts';

interface Params {
  /** The truncation is absent where it is `longest_first`, which single texts do not ask about. */
  readonly model: Pick<Experiment['model'], 'max_seq_length'> & Partial<Pick<Experiment['model'], 'truncation'>>;
}

const needs = { examples: 'one' } as const;

/** Turns every text into token ids, once for all folds and epochs. Output: tokens. */
export const tokenize: Stage<Params, Readonly<Record<string, string>>, typeof needs> = {
  name: 'tokenize',
  version: 2,
  needs,
  reads: 'everything',
  makes: 'tokens',
  writes: ({ data }) => [tokenFile('train'), ...(data.test === null ? [] : [tokenFile('test')])],
  publishes: {},
  usesDevice: false,
  pick: ({ model }, { modelFolder }) => ({
    params: {
      model: {
        max_seq_length: model.max_seq_length,
        ...(model.truncation === 'longest_first' ? {} : { truncation: model.truncation }),
      },
    },
    files: tokenizerFiles(modelFolder),
  }),
  async run({ params, files, inputs: { examples }, output, threads, emit, throwIfStopped }) {
    const { labelled, test } = examples;
    const tokenizer = await loadTokenizer(files);
    for (const message of tokenizer.changes) emit({ type: 'notice', level: 'info', message });
    const total = labelled.count + (test === null ? 0 : test.count);
    const encode = async (part: 'train' | 'test', texts: readonly Text[], before: number): Promise<void> => {
      const onProgress = (done: number): void => {
        throwIfStopped();
        emit({ type: 'progress', done: before + done, total, unit: 'texts' });
      };
      const { max_seq_length: maxLength, truncation = 'longest_first' } = params.model;
      const tokens = await encodeTexts(tokenizer, texts, maxLength, { threads, onProgress, truncation });
      saveTokens(join(output, tokenFile(part)), tokens);
    };
    await encode('train', labelled.texts(), 0);
    if (test !== null) await encode('test', test.texts(), labelled.count);
  },
};
