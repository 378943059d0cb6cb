import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import { describe, expect, it } from 'vitest';
import { loadTokenizer, tokenize } from '../../src/data/tokens/tokens.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { ensemblePredictions } from '../../src/training/ensemble.ts';
import { encoders } from '../../src/engine/models/encoders/index.ts';
import { writePortableFolder } from '../../src/training/folders/portable-folder.ts';
import { portablePredictions } from '../../src/training/folders/portable-predictions.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { FLOAT, modelFolder, pretrained, type Architecture } from './model-folder.ts';
import { classification } from '../../src/tasks/classification/task.ts';

env.allowRemoteModels = false;
const texts = ['Flood water rising fast on Mill Lane', 'my inbox is flooded', 'Fire!', 'the whole team collapsed after the second half'];
const speed = { device: 'cpu', threads: 1, batchSize: 3 } as const;
const root = temporaryFolder();

const [two, three] = [['no', 'yes'], ['calm', 'fire', 'flood']];

const deeper = ['bert', 'roberta', 'distilbert'] as const;
const flat = (Object.keys(pretrained) as Architecture[]).map((name, i) => [name, [], i % 2 === 0 ? two : three] as const);

describe.each([...flat, ...deeper.map((name) => [name, [8], three] as const)])('the portable directory of a %s with %j before the output', (architecture, dense, classes) => {
  const className = encoders[architecture]!.huggingFace.classifier;
  const place = join(root, `${architecture}-${dense.length}`);

  it('says in onnxruntime and in transformers.js what the model says', async () => {
    const model = modelFolder(place, architecture, {
      classes,
      head: { dense, dropout: 0.1, activation: 'tanh' },
    });
    const folder = join(place, 'portable');
    await writePortableFolder(folder, [model], ['float32']);
    for (const written of [model, folder]) expect(readFileSync(join(written, 'config.json'), 'utf8')).toContain(FLOAT);
    const tokens = tokenize(await loadTokenizer(tokenizerFiles(model)), texts, 32);
    const { numbers: own } = await ensemblePredictions([model], { kind: 'tokens', tokens }, speed, () => {});
    const { numbers: portable } = await portablePredictions(
      join(folder, 'onnx/model.onnx'),
      tokens,
      classification(classes).published,
      speed,
      () => {},
    );
    expect(portable.length).toBe(own.length);
    portable.forEach((p, i) => expect(p).toBeCloseTo(own[i] ?? NaN, 5));
    // Otherwise the bias alone would give the right answers: a hundred times the tolerance.
    expect(Math.max(...own) - Math.min(...own)).toBeGreaterThan(0.01);

    const classify = await pipeline('text-classification', folder, { dtype: 'fp32', local_files_only: true });
    const answers = (await classify([...texts], { top_k: null })) as unknown as readonly (readonly { label: string; score: number }[])[];
    await classify.dispose();
    answers.forEach((answer, row) => {
      const score = (name: string): number => answer.find(({ label }) => label === name)?.score ?? NaN;
      if (classes.length === 2) expect(score('yes')).toBeCloseTo(own[row] ?? NaN, 4);
      else classes.forEach((name, k) => expect(score(name)).toBeCloseTo(own[row * classes.length + k] ?? NaN, 4));
      expect(answer.reduce((sum, { score: p }) => sum + p, 0)).toBeCloseTo(1, 5);
    });
  });

  it('is counted in texts, however many models look at each', async () => {
    const model = join(place, 'model');
    const tokens = tokenize(await loadTokenizer(tokenizerFiles(model)), texts, 32);
    const heard: (readonly [number, number])[] = [];
    await ensemblePredictions([model, model, model], { kind: 'tokens', tokens }, { ...speed, batchSize: 1 }, (done, total) =>
      heard.push([done, total]),
    );
    expect(new Set(heard.map(([, total]) => total))).toEqual(new Set([texts.length]));
    expect(heard.at(-1)?.[0]).toBe(texts.length - 1);
    expect(heard.map(([done]) => done)).toEqual(heard.map(([done]) => done).toSorted((a, b) => a - b));
  });

  it('names the class for classification, whatever the head', () => {
    const config: unknown = JSON.parse(readFileSync(join(place, 'portable', 'config.json'), 'utf8'));
    expect(config).toMatchObject({ architectures: [className], num_labels: classes.length, problem_type: 'single_label_classification' });
  });
});
