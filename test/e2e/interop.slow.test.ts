import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unlabelledExamples } from '../../src/data/examples/examples.ts';
import { readTable } from '../../src/data/tables/table.ts';
import { loadTokenizer } from '../../src/data/tokens/tokens.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { root } from '../helpers/quickstart.ts';

it('token ids are those of transformers.js', async () => {
  const { AutoTokenizer, env } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  const model = join(root, 'configs/quickstart/model');
  const theirs = await AutoTokenizer.from_pretrained(model);
  const ours = await loadTokenizer(tokenizerFiles(model));
  const { texts } = unlabelledExamples(await readTable(join(root, 'configs/quickstart/test.csv')), { id: 'id', text: 'text' });
  // Without truncation: transformers.js cuts the closing [SEP] off, Python's transformers and ours keep it.
  for (const text of texts.map(String)) expect(ours.encode(text, 512).ids).toEqual([...theirs(text).input_ids.data].map(Number));
});
