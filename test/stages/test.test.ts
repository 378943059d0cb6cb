import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadExperiment, type LoadedExperiment } from '../../src/config/index.ts';
import { writeCsv } from '../../src/data/tables/index.ts';
import { examples } from '../../src/stages/examples.ts';
import { openInputs } from '../../src/stages/index.ts';
import type { Needs, Stage } from '../../src/stages/stage.ts';
import { test } from '../../src/stages/test.ts';
import { openTask } from '../../src/tasks/index.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();
const [train, asked] = [join(folder, 'train.csv'), join(folder, 'asked.csv')];
writeFileSync(train, writeCsv(['id', 'text', 'target'], [...'00000011'].map((target, i) => [String(i), `words ${i}`, target])));
writeFileSync(asked, writeCsv(['id', 'text', 'target'], [['8', 'fire', '0'], ['9', 'flood', '1']]));

function configured(...set: readonly string[]): LoadedExperiment['experiment'] {
  const tables = [`data.train=${train}`, `data.test=${asked}`, 'data.sample_submission=null'];
  return loadExperiment(join(root, 'configs/quickstart.yaml'), { set: [...tables, ...set] }).experiment;
}

/** Puts the probabilities of the second class against the targets of the rows to predict. */
async function tested(probabilities: readonly number[], ...set: readonly string[]): Promise<number | null | undefined> {
  const experiment = configured(...set);
  const out = temporaryFolder();
  const run = async <P, F, N extends Needs>(stage: Stage<P, F, N>, folders: Readonly<Record<string, readonly string[]>>) => {
    const output = join(out, stage.name);
    mkdirSync(output);
    const picked = stage.pick(experiment, { modelFolder: '', precision: 'float32' });
    const inputs = openInputs(stage as unknown as Stage, folders);
    await stage.run({ ...picked, inputs, output, emit: () => {}, throwIfStopped: () => {} } as never);
    return output;
  };
  const { columns } = openTask({ classes: ['0', '1'] });
  const cells = columns.predictionCells({ width: 1, numbers: Float64Array.from(probabilities) });
  const rows = [['8', ...cells(0)], ['9', ...cells(1)]].map((row) => row.map(String));
  writeFileSync(join(out, 'predictions.csv'), writeCsv(['id', ...columns.predictions], rows));
  writeFileSync(join(out, 'metrics.json'), '{ "oof": { "oof/loss": 0.5 } }');
  const made = await run(test, { examples: [await run(examples, {})], predictions: [out], evaluation: [out] });
  const metrics = JSON.parse(readFileSync(join(made, 'metrics.json'), 'utf8')) as { readonly test: Readonly<Record<string, number | null>> };
  return metrics.test['test/loss'];
}

it('measures the loss that the models are trained by, balanced by the training rows', async () => {
  const [none, one] = [-Math.log(1 - 0.25), -Math.log(0.5)];
  expect(await tested([0.25, 0.5])).toBeCloseTo((none + one) / 2, 6);
  expect(await tested([0.25, 0.5], 'training.loss={ name: auto, class_weights: balanced }')).toBeCloseTo((none + 3 * one) / 4, 6);
});

it('has the key of before where the loss is the usual one', () => {
  const keyed = (...set: readonly string[]) => test.pick(configured(...set), { modelFolder: '', precision: 'float32' }).params;
  expect(Object.keys(keyed())).toEqual(['tested']);
  expect(Object.keys(keyed('training.loss={ name: focal }'))).toEqual(['tested', 'loss']);
});
