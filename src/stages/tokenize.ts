import { join } from 'node:path';
import type { Experiment } from '../config/index.ts';
import { cleaningSentence, readTestExamples } from '../data/examples/index.ts';
import { encodeTexts, loadTokenizer, saveTokens, type TokenSet } from '../data/tokens/index.ts';
import { readTrainExamples } from '../tasks/index.ts';
import { tokenizerFiles } from '../data/tokenizer/index.ts';
import { writeExampleIndex } from './outputs.ts';
import type { Stage } from './stage.ts';
import { pickTables, type TableParams } from './tables.ts';

interface Params extends TableParams {
  readonly model: Pick<Experiment['model'], 'max_seq_length'>;
}

/** Reads the tables and turns every text into token ids, once for all folds and epochs. Output: tokens. */
export const tokenize: Stage<Params> = {
  name: 'tokenize',
  version: 2,
  needs: {},
  reads: 'everything',
  makes: 'tokens',
  writes: ({ data }) => ['examples.json', 'train.tokens', ...(data.test === null ? [] : ['test.tokens'])],
  publishes: {},
  usesDevice: false,
  pick: ({ data, model }, { modelFolder }) => {
    const { params, files } = pickTables(data);
    return { params: { ...params, model: { max_seq_length: model.max_seq_length } }, files: { ...files, ...tokenizerFiles(modelFolder) } };
  },
  async run({ params, files, output, threads, emit, throwIfStopped }) {
    const train = await readTrainExamples({ path: files['train'] ?? '', ...params.train }, params.data);
    const left = cleaningSentence(train.cleaning);
    if (left !== undefined) emit({ type: 'notice', level: 'info', message: left });
    const test =
      files['test'] === undefined
        ? undefined
        : await readTestExamples({ path: files['test'], ...params.test }, { ...params.data, ...params.test });
    const tokenizer = await loadTokenizer(files);
    for (const message of tokenizer.changes) emit({ type: 'notice', level: 'info', message });
    const total = train.texts.length + (test?.texts.length ?? 0);
    const encode = (texts: readonly string[], before: number): Promise<TokenSet> => {
      const onProgress = (done: number): void => {
        throwIfStopped();
        emit({ type: 'progress', done: before + done, total, unit: 'texts' });
      };
      return encodeTexts(tokenizer, texts, params.model.max_seq_length, { threads, onProgress });
    };
    saveTokens(join(output, 'train.tokens'), await encode(train.texts, 0));
    if (test !== undefined) saveTokens(join(output, 'test.tokens'), await encode(test.texts, train.texts.length));
    writeExampleIndex(output, { task: train.task, train, test: test === undefined ? null : { ids: test.ids } });
  },
};
