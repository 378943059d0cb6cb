import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OrtrainError } from '../../src/core/errors.ts';
import { classifierForward, randomParameters } from '../../src/engine/models/index.ts';
import { initialWeights, readModelFolder } from '../../src/training/folders/classifier-folder.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { modelFolder } from './model-folder.ts';

const flat = { dense: [], dropout: 0.25, activation: 'none' } as const;
const root = temporaryFolder();

describe.each([
  ['bert', 'BertForSequenceClassification', { classifier_dropout: 0.25 }],
  ['roberta', 'RobertaForSequenceClassification', { classifier_dropout: 0.25 }],
  ['distilbert', 'DistilBertForSequenceClassification', { seq_classif_dropout: 0.25 }],
] as const)('the model directory of a %s', (architecture, className, dropout) => {
  const folder = modelFolder(join(root, architecture), architecture, { classes: ['no', 'yes'], head: flat });

  it('says in config.json which class opens it, and that its weights are float32', () => {
    const config: unknown = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
    expect(config).toMatchObject({
      ...dropout,
      model_type: architecture,
      architectures: [className],
      dtype: 'float32',
      torch_dtype: 'float32',
      num_labels: 2,
      problem_type: 'single_label_classification',
      id2label: { 0: 'no', 1: 'yes' },
      label2id: { no: 0, yes: 1 },
    });
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']);
  });

  it('gives back every weight', () => {
    const { source, encoder, head, task } = readModelFolder(folder);
    const { outputs } = task;
    expect([task.description, outputs, head]).toEqual([{ classes: ['no', 'yes'] }, 1, flat]);
    for (const spec of classifierForward({ encoder, head, outputs }).parameters)
      expect(source(spec), spec.name).toEqual(randomParameters(11)(spec));
  });

  it('is refused where config.json tells of another head', () => {
    const path = join(folder, 'config.json');
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace('"dense": []', '"dense": [4]'));
    try {
      expect(() => readModelFolder(folder)).toThrow(OrtrainError);
    } finally {
      writeFileSync(path, before);
    }
    expect(() => readModelFolder(folder)).not.toThrow();
  });
});

it('a model without config.json is refused, and no other folder is read in its place', () => {
  expect(() => initialWeights({}, { weights: 'random', resize_embeddings: false }, 1)).toThrow(
    expect.objectContaining({ code: 'data', message: 'the model has no config.json' }),
  );
});
