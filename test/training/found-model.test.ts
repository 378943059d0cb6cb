import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { loadTokenizer, tokenize } from '../../src/data/tokens/tokens.ts';
import { classification } from '../../src/tasks/classification/task.ts';
import { multiLabel } from '../../src/tasks/multi-label/task.ts';
import { ordinal } from '../../src/tasks/ordinal/task.ts';
import { regression } from '../../src/tasks/regression/task.ts';
import type { Predictions, Task } from '../../src/tasks/index.ts';
import { writePortableFolder } from '../../src/training/folders/portable-folder.ts';
import { findModel } from '../../src/training/models/found-model.ts';
import { openModel } from '../../src/training/models/opened-model.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { modelFolder } from './model-folder.ts';

const root = temporaryFolder();
const texts = ['Flood water rising fast on Mill Lane', 'my inbox is flooded', 'Fire!'];
const head = { dense: [], dropout: 0.1, activation: 'none' } as const;

const tasks: Readonly<Record<string, Task>> = {
  two: classification(['no', 'yes']),
  three: classification(['calm', 'fire', 'flood']),
  labels: multiLabel({ labels: ['rain', 'wind'], separator: null, masked: false }),
  numbers: regression({ columns: ['height', 'width'], mean: [40, -3], sd: [5, 0.5] }),
  grades: ordinal({ grades: ['poor', 'fair', 'good'], counts: [3, 4, 2], link: 'coral' }),
};

async function predictions(path: string): Promise<Predictions> {
  const found = findModel(path);
  const tokens = tokenize(await loadTokenizer(tokenizerFiles(found.folder)), texts, found.maxLength);
  const model = await openModel(found, { device: 'cpu', threads: 1 });
  try {
    return await model.predict(tokens, 2, () => {});
  } finally {
    await model.release();
  }
}

function configOf(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
}

/** The folder with another config.json, and the same other files. */
function withConfig(folder: string, to: string, files: readonly string[], config: object): string {
  mkdirSync(join(to, 'onnx'), { recursive: true });
  for (const name of files) copyFileSync(join(folder, name), join(to, name));
  writeFileSync(join(to, 'config.json'), JSON.stringify(config));
  return to;
}

const tokenizer = ['tokenizer.json', 'tokenizer_config.json'];

describe.each(Object.entries(tasks))('a model of %s', (name, task) => {
  const trained = modelFolder(join(root, name), 'bert', { task, head });
  const portable = join(root, name, 'portable');

  it('is the same task with the same predictions as an ONNX export', async () => {
    await writePortableFolder(portable, [trained], ['float32']);
    const [own, exported] = [await predictions(trained), await predictions(portable)];
    expect(findModel(trained)).toMatchObject({ kind: 'trained', maxLength: 32 });
    expect(findModel(portable)).toMatchObject({ kind: 'portable', maxLength: 32, file: join(portable, 'onnx/model.onnx') });
    expect(findModel(join(portable, 'onnx/model.onnx')).folder).toBe(portable);
    expect(findModel(portable).task.description).toEqual(task.description);
    expect(exported.width).toBe(own.width);
    own.numbers.forEach((number, i) => expect(exported.numbers[i]).toBeCloseTo(number, 4));
    expect(Math.max(...own.numbers.slice(own.width)) - Math.min(...own.numbers)).toBeGreaterThan(1e-3);
  });

  it.skipIf(name === 'grades')('can be opened by Hugging Face’s keys alone, as one that was made elsewhere', async () => {
    const { ortrain: _, ...config } = configOf(trained);
    const elsewhere = withConfig(trained, join(root, name, 'elsewhere'), ['model.safetensors', ...tokenizer], config);
    const found = findModel(elsewhere);
    expect({ kind: found.kind, names: found.task.names }).toEqual({ kind: 'foreign', names: task.names });
    const [own, foreign] = [await predictions(trained), await predictions(elsewhere)];
    expect(foreign.width).toBe(own.width);
    own.numbers.forEach((number, i) => expect(foreign.numbers[i]).toBeCloseTo(number, 4));
  });
});

describe('a model that was made elsewhere', () => {
  const trained = modelFolder(join(root, 'plain'), 'bert', { classes: ['a', 'b', 'c'], head });
  const { ortrain: _, ...config } = configOf(trained);
  const made = (name: string, change: object, files: readonly string[] = ['model.safetensors', ...tokenizer]): string =>
    withConfig(trained, join(root, 'made', name), files, { ...config, ...change });

  it('has two classes without a name where nothing is said, and the tokens of the tokenizer’s configuration', () => {
    const folder = made('bare', { id2label: undefined, label2id: undefined, num_labels: undefined, problem_type: undefined });
    writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ model_max_length: 48 }));
    expect(findModel(folder)).toMatchObject({ maxLength: 48, task: { names: ['LABEL_0', 'LABEL_1'] } });
    writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ model_max_length: 1e30 }));
    expect(findModel(folder).maxLength).toBe(64);
  });

  it('is a regression where it has one label and names no problem', () => {
    const { task } = findModel(made('one', { id2label: { 0: 'LABEL_0' }, problem_type: null }));
    expect(task.description).toMatchObject({ task: 'regression', columns: ['LABEL_0'] });
  });

  it('is refused where it is no classifier, or its labels cannot be told apart', () => {
    expect(() => findModel(made('encoder', { architectures: ['BertModel'] }))).toThrow(/names the class BertModel/);
    expect(() => findModel(made('twice', { id2label: { 0: 'a', 1: 'b', 2: 'a' } }))).toThrow(/a name twice/);
    expect(() => findModel(made('gap', { id2label: { 0: 'a', 2: 'b' } }))).toThrow(/a label for each number/);
    expect(() => findModel(made('kind', { problem_type: 'ranking' }))).toThrow(/"ranking"/);
    expect(() => findModel(join(root, 'nowhere'))).toThrow(/config\.json/);
  });

  it('is refused where its weights are of another number of labels', async () => {
    await expect(predictions(made('wide', { id2label: { 0: 'a', 1: 'b' } }))).rejects.toMatchObject({ code: 'data' });
  });
});
