import { setImmediate as nextTurn } from 'node:timers/promises';
import { interrupted } from '../../core/errors.ts';
import { valueAt } from '../../core/values.ts';
import { tokenizerFiles } from '../../data/tokenizer/index.ts';
import { beyondProblems, encodeTexts, leastWorkBatches, loadTokenizer, readVocabulary, unknownToModel } from '../../data/tokens/index.ts';
import type { Text } from '../../data/texts/index.ts';
import { findModel, openModel, type OpenedModel } from '../../training/index.ts';
import type { Predictions } from '../../tasks/index.ts';
import { withFewerRows } from '../models/fewer-rows.ts';
import type { ClassifierOrder } from './protocol.ts';

/** Models in memory, whose predictions are averaged. */
export interface HeldModels {
  /**
   * The mean of the models' predictions for each text, number by number.
   *
   * @param isCancelled asked between batches; throws `interrupted` where it is true
   */
  classify(texts: readonly Text[], isCancelled: () => boolean): Promise<Predictions>;
}

/** Takes models into memory. Throws as `findModel`, `loadTokenizer` and `openModel` do. */
export async function holdModels({ models: paths, device, threads, batchSize, truncation, name }: ClassifierOrder): Promise<HeldModels> {
  const found = paths.map(findModel);
  const { folder, encoder, maxLength } = valueAt(found, 0);
  const tokenizer = await loadTokenizer(tokenizerFiles(folder));
  const vocabulary = readVocabulary(tokenizer.files);
  const models: OpenedModel[] = [];
  for (const each of found) models.push(await openModel(each, { device, threads }));
  let rows = batchSize;
  return {
    async classify(texts, isCancelled) {
      const throwIfCancelled = (): void => {
        if (isCancelled()) throw interrupted();
      };
      const tokens = await encodeTexts(tokenizer, texts, maxLength, { threads, truncation, onProgress: throwIfCancelled });
      if (vocabulary.size > encoder.vocabSize) {
        const place = (row: number) => ({ row: row + 1, name: `text ${row + 1}` });
        const unknown = beyondProblems({ tokens, place }, vocabulary, encoder.vocabSize);
        if (unknown.length > 0) throw unknownToModel(`the model of ${name}`, encoder.vocabSize, unknown, LEAVE_OUT);
      }
      const sums: Predictions[] = [];
      for (const model of models) {
        const predict = (atATime: number) => model.predict(tokens, (rows = atATime), throwIfCancelled, leastWorkBatches);
        sums.push(await withFewerRows(rows, device, predict, () => {}));
        await nextTurn();
      }
      const { width, numbers } = valueAt(sums, 0);
      const total = (i: number): number => sums.reduce((sum, each) => sum + valueAt(each.numbers, i), 0);
      return { width, numbers: numbers.map((_, i) => total(i) / sums.length) };
    },
  };
}

const LEAVE_OUT =
  'Leave these tokens out of the texts, or train with model.resize_embeddings: true, which gives the model an embedding for each.';
