import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTensorFile } from '../../src/data/hub/model-folder.ts';
import { encodeSafetensors, readFloats } from '../../src/engine/models/index.ts';
import { runExperiment } from '../../src/runner/index.ts';
import { exportRun } from '../../src/runner/exports/index.ts';
import { predictTexts } from '../../src/runner/models/index.ts';
import { readRun } from '../../src/runner/stored/index.ts';
import { readModelFolder } from '../../src/training/folders/classifier-folder.ts';
import { pretrainedFolder } from '../helpers/pretrained.ts';
import { smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

const artifacts = temporaryFolder();
const [word, base] = ['[USER]', join(artifacts, 'base')];
beforeAll(() => void pretrainedFolder(base, { words: [word] }));

async function run(...set: readonly string[]): Promise<string> {
  const loaded = await smallQuickstart(`model.base=${base}`, 'model.weights=pretrained', 'resources.parallel_folds=1', ...set);
  return (await runExperiment(loaded, { artifacts, device: 'cpu', until: 'evaluate' }, () => {})).folder;
}

const zeros = { kind: 'zeros' } as const;

describe('the models of a frozen encoder, its embeddings resized', () => {
  const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  let folder: string;
  beforeAll(async () => {
    folder = await run('name=frozen', 'model.freeze_encoder=true', 'model.resize_embeddings=true');
  }, 120_000);

  it('share one file of it, which an index names as Hugging Face does', () => {
    const folds = [0, 1].map((fold) => join(folder, 'models', `fold-${fold}`));
    for (const fold of folds) {
      expect(readdirSync(fold).sort()).toEqual([
        'config.json',
        first,
        second,
        'model.safetensors.index.json',
        'tokenizer.json',
        'tokenizer_config.json',
      ]);
      const index = JSON.parse(readFileSync(join(fold, 'model.safetensors.index.json'), 'utf8')) as {
        metadata: { total_size: number };
        weight_map: Record<string, string>;
      };
      const [encoder, rest] = [first, second].map((name) => openTensorFile(join(fold, name)).entries);
      expect(index.weight_map).toEqual({
        ...Object.fromEntries([...(encoder?.keys() ?? [])].map((name) => [name, first])),
        ...Object.fromEntries([...(rest?.keys() ?? [])].map((name) => [name, second])),
      });
      expect(index.metadata.total_size).toBe(
        [...(encoder?.values() ?? []), ...(rest?.values() ?? [])].reduce((sum, { begin, end }) => sum + end - begin, 0),
      );
      expect([...(rest?.keys() ?? [])].sort()).toEqual([
        'bert.pooler.dense.bias',
        'bert.pooler.dense.weight',
        'classifier.bias',
        'classifier.weight',
      ]);
    }
    const cached = readdirSync(join(artifacts, 'cache', 'encode')).map((key) =>
      join(artifacts, 'cache', 'encode', key, 'encoder.safetensors'),
    );
    expect(new Set([...folds.map((fold) => join(fold, first)), ...cached].map((path) => statSync(path).ino)).size).toBe(1);
  });

  it('know the words that were added', async () => {
    const { predictions: { numbers } } = await predictTexts(readRun(artifacts, 'frozen'), ['a', `${word} a`], { threads: 1 }, () => {});
    expect(numbers[0]).not.toEqual(numbers[1]);
    expect(JSON.parse(readFileSync(join(folder, 'models/fold-0/config.json'), 'utf8'))).toMatchObject({
      vocab_size: 1201,
      model_type: 'bert',
      num_labels: 2,
    });
    expect(openTensorFile(join(folder, 'models/fold-0', first)).entries.get('bert.embeddings.word_embeddings.weight')?.shape).toEqual([
      1201, 96,
    ]);
  });

  it('are exported whole, and share nothing with the cache', async () => {
    const to = join(artifacts, 'whole');
    await exportRun(readRun(artifacts, 'frozen'), { to, format: 'huggingface', alsoIn: [], fold: 1, threads: 1 }, () => {});
    const made = ['README.md', 'config.json', 'export.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
    expect(readdirSync(to).sort()).toEqual(made);
    expect(statSync(join(to, 'model.safetensors')).nlink).toBe(1);
    const spec = { name: 'bert.encoder.layer.1.output.dense.weight', shape: [96, 256], init: zeros };
    expect(readModelFolder(to).source(spec)).toEqual(readModelFolder(join(folder, 'models', 'fold-1')).source(spec));
  });

  it('are refused by name where a file of them is not there', () => {
    const fold = join(folder, 'models', 'fold-0');
    rmSync(join(fold, second));
    expect(() => readModelFolder(fold)).toThrow(`${join(fold, second)} cannot be read: there is no such file`);
    rmSync(join(fold, 'model.safetensors.index.json'));
    expect(() => readModelFolder(fold)).toThrow(`${join(fold, 'model.safetensors')} cannot be read: there is no such file`);
  });
});

describe('a model as it was', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await run('name=as-it-was');
  }, 120_000);

  it('does not know words that were added: the text is named', async () => {
    await expect(predictTexts(readRun(artifacts, 'as-it-was'), ['a', `${word} a`], { threads: 1 }, () => {})).rejects.toMatchObject({
      code: 'data',
      problems: [{ row: 2, message: 'text 2 has the token "[USER]" (id 1200)' }],
      remedy: expect.stringContaining('model.resize_embeddings: true') as string,
    });
  });

  it('of two classes has an output of zeros for the first; one that was saved without it is read as before', () => {
    const fold = join(folder, 'models', 'fold-0');
    const path = join(fold, 'model.safetensors');
    const head = [{ name: 'classifier.weight', shape: [1, 96], init: zeros }, { name: 'classifier.bias', shape: [1], init: zeros }];
    const before = head.map((spec) => [...readModelFolder(fold).source(spec)]);
    const file = openTensorFile(path);
    const tensors = [...file.entries]
      .filter(([name]) => name !== '__metadata__')
      .map(([name, { shape }]) => ({ name, shape, data: readFloats(file, name) }));
    const [weight, bias] = ['classifier.weight', 'classifier.bias'].map((name) => tensors.find((each) => each.name === name));
    expect([weight?.shape, bias?.shape, [...(weight?.data.subarray(0, 96) ?? []), bias?.data[0]].every((x) => x === 0)]).toEqual([
      [2, 96],
      [2],
      true,
    ]);
    const single = tensors.map((each) =>
      each.name.startsWith('classifier.')
        ? { ...each, shape: [1, ...each.shape.slice(1)], data: each.data.slice(each.data.length / 2) }
        : each,
    );
    writeFileSync(path, Buffer.concat(encodeSafetensors(single)));
    expect(head.map((spec) => [...readModelFolder(fold).source(spec)])).toEqual(before);
  });
});
