import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer, tokenize } from '../../src/data/tokens/tokens.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { openWeights } from '../../src/data/hub/model-folder.ts';
import { readFloats } from '../../src/engine/models/formats/safetensors.ts';
import { ensemblePredictions } from '../../src/training/ensemble.ts';
import { copyModelFolder } from '../../src/training/folders/classifier-folder.ts';
import { PORTABLE_FILES, writePortableFolder } from '../../src/training/folders/portable-folder.ts';
import { portablePredictions } from '../../src/training/folders/portable-predictions.ts';
import { regression } from '../../src/tasks/regression/task.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { modelFolder } from './model-folder.ts';

const texts = ['Flood water rising fast on Mill Lane', 'my inbox is flooded', 'Fire!', 'the whole team collapsed after the second half'];
const speed = { device: 'cpu', threads: 1, batchSize: 3 } as const;

/** The second column is beyond what float16 can hold. */
const task = regression({ columns: ['score', 'price'], mean: [3, 250_000], sd: [0.5, 40_000] });
const { mean, sd } = task.published.scale!;

describe.each(['bert', 'distilbert', 'deberta-v2'] as const)('the directory of a %s that predicts numbers', (architecture) => {
  const place = temporaryFolder();
  const model = modelFolder(place, architecture, { task, head: { dense: [], dropout: 0.1, activation: 'none' } });

  it('has the scale in its last layer and says that it predicts numbers', () => {
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as Readonly<Record<string, unknown>>;
    expect(config).toMatchObject({ problem_type: 'regression', num_labels: 2, id2label: { 0: 'score', 1: 'price' } });
    const bias = readFloats(openWeights(model), 'classifier.bias');
    bias.forEach((value, k) => expect(Math.abs(value - mean[k]!) / sd[k]!).toBeLessThan(1)); // a random one is near 0 before
  });

  it('predicts the same in every form, and a copy of it too', async () => {
    const tokens = tokenize(await loadTokenizer(tokenizerFiles(model)), texts, 32);
    const { numbers: own } = await ensemblePredictions([model], { kind: 'tokens', tokens }, speed, () => {});
    const apart = (numbers: Float64Array): number =>
      Math.max(...Array.from(numbers, (value, i) => Math.abs(value - own[i]!) / sd[i % 2]!));
    expect(apart(Float64Array.from(own, (_, i) => mean[i % 2]!))).toBeGreaterThan(0.01); // the texts do not all get the mean
    copyModelFolder(model, join(place, 'copy'));
    const { numbers: copied } = await ensemblePredictions([join(place, 'copy')], { kind: 'tokens', tokens }, speed, () => {});
    expect(apart(copied)).toBeLessThan(1e-5);
    await writePortableFolder(join(place, 'onnx'), [model], ['float32', 'float16', 'int8']);
    for (const [precision, most] of [['float32', 1e-5], ['float16', 0.02], ['int8', 0.3]] as const) {
      const file = join(place, 'onnx', PORTABLE_FILES[precision]);
      const { numbers } = await portablePredictions(file, tokens, task.published, speed, () => {});
      expect(apart(numbers), precision).toBeLessThan(most);
    }
  });
});
