import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encoders } from '../../src/engine/models/encoders/index.ts';
import { pipeline, root } from '../cli/bin.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { describeShared, sharedPath } from '../helpers/shared.ts';
import { modelFolder, pretrained, type Architecture } from '../training/model-folder.ts';

const folder = temporaryFolder();
const artifacts = join(folder, 'artifacts');
const head = { classes: ['0', '1'], head: { dense: [], dropout: 0.1, activation: 'none' } } as const;

/** Trains two folds from the weights in a folder; training takes the loss down. */
async function trains(name: string, base: string): Promise<void> {
  const set = {
    name,
    'model.base': base,
    'model.weights': 'pretrained',
    'model.max_seq_length': 32,
    'split.folds': 2,
    'training.epochs': 4,
    'training.batch_size': 16,
    'training.optimizer.lr': 0.003,
    'resources.threads': 1,
  };
  const settings = Object.entries(set).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const { code, stderr } = await pipeline(['run', 'configs/quickstart.yaml', '--artifacts', artifacts, ...settings]);
  expect(code, stderr).toBe(0);
  const losses = [...stderr.matchAll(/train\[0\] +epoch .*train\/loss ([\d.]+)/g)].map(([, loss]) => Number(loss));
  expect(losses).toHaveLength(4);
  expect(losses[3]).toBeLessThan(losses[0]! - 0.003);
}

async function predictsAgain(name: string): Promise<void> {
  const predicted = await pipeline(['predict', '--run', name, '--input', 'configs/quickstart/test.csv', '--artifacts', artifacts]);
  expect(predicted.stderr).toBe('');
  expect(predicted.stdout).toBe(readFileSync(join(artifacts, 'runs', name, 'predictions.csv'), 'utf8'));
}

it('there is a tiny model of every encoder', () => {
  expect(Object.keys(pretrained).sort()).toEqual(Object.keys(encoders).sort());
});

describe.each(Object.keys(pretrained) as Architecture[])('a pretrained %s', (type) => {
  it('is trained from a folder, predicts and is exported', { timeout: 300_000 }, async () => {
    await trains(type, modelFolder(join(folder, type), type, head));
    await predictsAgain(type);
    const config = JSON.parse(readFileSync(join(artifacts, 'runs', type, 'models/fold-0/config.json'), 'utf8'));
    expect(config).toMatchObject({ model_type: type, architectures: [encoders[type]!.huggingFace.classifier], num_labels: 2 });
    // Compares probabilities of onnxruntime with those of the run before the folder appears.
    const exported = await pipeline(['export', '--run', type, '--to', join(folder, `${type}-onnx`), '--artifacts', artifacts]);
    expect(exported.code, exported.stderr).toBe(0);
    const explained = await pipeline(['explain', join(artifacts, 'runs', type, 'config.yaml')], { cwd: root });
    expect(explained.code, explained.stderr).toBe(0);
    expect(explained.stdout).toContain(`${encoders[type]!.names.layers}0`);
  });
});

describeShared('SentencePiece models', ['oracles2', 'tokenizers'], () => {
  it.each([
    ['xlm-roberta', 'unigram-nmt_nfkc', 'sentencepiece.bpe.model'],
    ['camembert', 'unigram-nmt_nfkc', 'sentencepiece.bpe.model'],
    ['albert', 'unigram-nmt_nfkc_cf', 'spiece.model'],
    ['deberta-v2', 'deberta', 'spm.model'],
  ] as const)('a %s is trained with its own tokenizer alone', { timeout: 300_000 }, async (type, from, name) => {
    const place = join(folder, `${type}-tokenizer`);
    mkdirSync(place);
    const tokenizer = join(place, name);
    copyFileSync(sharedPath('oracles2', 'tokenizers', from, 'spm.model') as string, tokenizer);
    const base = modelFolder(join(folder, `${type}-spm`), type, head, { vocabulary: 2010, tokenizer: [tokenizer] });
    await trains(`${type}-spm`, base);
    await predictsAgain(`${type}-spm`);
  });
});
