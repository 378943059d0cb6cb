import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { pathOf } from '../../../src/config/index.ts';
import { sha256 } from '../../../src/core/hash.ts';
import { readTrainExamples } from '../../helpers/class-examples.ts';
import { columnOf, readTable } from '../../../src/data/tables/table.ts';
import { openJournal } from '../../../src/tracking/journal.ts';
import { runExperiment } from '../../../src/runner/index.ts';
import { exportRun, type ExportRequest } from '../../../src/runner/exports/index.ts';
import { predictTexts } from '../../../src/runner/models/index.ts';
import { readRun, type StoredRun } from '../../../src/runner/stored/index.ts';
import { flipBit } from '../../helpers/damage.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';

/*
 * Models are exported from real runs and opened with the libraries that people will use. What they must say stands in the run's
 * oof.csv; 1e-4 is the tolerance, and float32 in another order of operations stays far below it.
 */

env.allowRemoteModels = false;
const artifacts = temporaryFolder();

interface Sample {
  readonly texts: readonly string[];
  /** By class, then by text. */
  readonly probabilities: readonly (readonly number[])[];
}

let binary: StoredRun;
let three: StoredRun;

beforeAll(async () => {
  const done = async (...set: readonly string[]): Promise<StoredRun> => {
    const { run } = await runExperiment(
      await smallQuickstart('training.epochs=4', 'training.optimizer.lr=0.003', ...set),
      { artifacts, device: 'auto' },
      () => {},
    );
    return readRun(artifacts, run);
  };
  binary = await done();
  three = await done(
    'name=three',
    'model.head.dense=[16]',
    'training.loss={name: focal, class_weights: balanced}',
    'model.head.activation=gelu',
    `data={train: ${threeClasses()}, test: null, sample_submission: null, id: null, text: text, target: kind}`,
  );
});

function threeClasses(): string {
  const words = { fire: ['burning', 'smoke', 'flames'], flood: ['water', 'river', 'rain'], calm: ['coffee', 'sleep', 'garden'] };
  const rows = Array.from({ length: 90 }, (_, i) => {
    const [name, own] = Object.entries(words)[i % 3] as [string, readonly string[]];
    return `the ${own[i % own.length]} near house ${i},${name}`;
  });
  const path = join(artifacts, 'classes.csv');
  writeFileSync(path, `text,kind\n${rows.join('\n')}\n`);
  return path;
}

/** Some of a fold's validation rows, short enough not to be cut, with the probabilities that the run recorded. */
async function sample(run: StoredRun, fold: number, columns: readonly string[], count = 24): Promise<Sample> {
  const { data } = run.experiment;
  const [examples, oof] = [await readTrainExamples(data.train, data), await readTable(join(run.folder, 'oof.csv'))];
  const rows = (columnOf(oof, 'fold') ?? [])
    .flatMap((value, row) => (Number(value) === fold && String(examples.texts[row]).length < 90 ? [row] : []))
    .slice(0, count);
  return {
    texts: rows.map((row) => String(examples.texts[row])),
    probabilities: columns.map((name) => rows.map((row) => Number(columnOf(oof, name)?.[row]))),
  };
}

const exported = (run: StoredRun, name: string, more: Partial<ExportRequest> = {}) =>
  exportRun(run, { to: join(artifacts, name), format: 'onnx', alsoIn: [], ...more }, () => {});

/** transformers.js' scores by label, then by text. */
async function scores(
  folder: string,
  texts: readonly string[],
  labels: readonly string[],
  dtype: 'fp32' | 'fp16' | 'q8' = 'fp32',
): Promise<readonly (readonly number[])[]> {
  const classify = await pipeline('text-classification', folder, { dtype, local_files_only: true });
  const answers = (await classify([...texts], { top_k: null })) as unknown as readonly (readonly { label: string; score: number }[])[];
  await classify.dispose();
  for (const answer of answers) expect(answer.map(({ label }) => label).sort()).toEqual([...labels].sort());
  return labels.map((label) => answers.map((answer) => answer.find((one) => one.label === label)?.score ?? NaN));
}

function farthest(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return Math.max(...a.flatMap((row, i) => row.map((x, j) => Math.abs(x - (b[i]?.[j] ?? NaN)))));
}

describe('an ONNX export', () => {
  it('gives transformers.js both classes with the probabilities of the run', async () => {
    const { folder, fold, files } = await exported(binary, 'two', { what: 'fold' });
    expect(readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()).toEqual([
      'README.md',
      'config.json',
      'export.json',
      'onnx',
      'onnx/model.onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(files).toMatchObject([{ path: 'onnx/model.onnx', precision: 'float32', compared: 64, rows: 64 }]);
    expect(files[0]?.maxDifference).toBeLessThan(1e-5);
    const { texts, probabilities: [ones = []] } = await sample(binary, Number(fold), ['probability']);
    const found = await scores(folder, texts, ['0', '1']);
    expect(farthest(found, [ones.map((p) => 1 - p), ones])).toBeLessThan(1e-4);
    expect(Math.max(...ones) - Math.min(...ones)).toBeGreaterThan(0.1);
  });

  it('gives every class of more than two, with a deeper head', async () => {
    const { folder } = await exported(three, 'three', { fold: 1 });
    const labels = ['calm', 'fire', 'flood'];
    const { texts, probabilities } = await sample(three, 1, labels.map((name) => `probability_${name}`), 45);
    expect(farthest(await scores(folder, texts, labels), probabilities)).toBeLessThan(1e-4);
  });

  it('cuts texts where training cut them', async () => {
    const { folder } = await exported(binary, 'cut', { what: 'fold' });
    const long = 'storm '.repeat(40);
    const [first, second] = await scores(folder, [long, `${long} and sunshine`], ['0', '1']);
    expect(first?.[0]).toBe(first?.[1]);
    expect(second?.[0]).toBe(second?.[1]);
  });

  it('has smaller models beside it, with what they cost', async () => {
    const { folder, fold, files } = await exported(binary, 'small', { what: 'fold', alsoIn: ['float16', 'int8'] });
    const [float32, float16, int8] = files;
    expect(files.map(({ path }) => path)).toEqual(['onnx/model.onnx', 'onnx/model_fp16.onnx', 'onnx/model_quantized.onnx']);
    expect(float16?.bytes).toBeLessThan(0.65 * (float32?.bytes ?? 0));
    expect(int8?.bytes).toBeLessThan(0.5 * (float32?.bytes ?? 0));
    // float16 keeps 11 bits, int8 has 7: their errors are of the size 2⁻¹¹ and 2⁻⁶ and no less.
    expect(float16?.maxDifference).toBeGreaterThan(1e-6);
    expect(float16?.maxDifference).toBeLessThan(5e-3);
    expect(int8?.maxDifference).toBeGreaterThan(1e-5);
    expect(int8?.maxDifference).toBeLessThan(0.1);
    const rows = (columnOf(await readTable(join(binary.folder, 'oof.csv')), 'fold') ?? []).filter((value) => Number(value) === fold).length;
    expect(int8).toMatchObject({ rows, before: { accuracy: binary.metrics?.folds[Number(fold)]?.best['val/accuracy'] } });

    const { texts, probabilities: [ones = []] } = await sample(binary, Number(fold), ['probability']);
    for (const [dtype, file] of [['fp16', float16], ['q8', int8]] as const) {
      const [, found = []] = await scores(folder, texts, ['0', '1'], dtype);
      expect(farthest([found], [ones]), dtype).toBeLessThan((file?.maxDifference ?? 0) + 1e-3);
    }
  });

  it('takes the fold that is best by the monitored metric', async () => {
    const { monitor } = binary.experiment.training.best_model;
    const values = (binary.metrics?.folds ?? []).map(({ best }) => best[monitor] ?? NaN);
    expect(values.length).toBe(2);
    const { fold } = await exported(binary, 'best', { what: 'fold' });
    expect(values[Number(fold)]).toBe(Math.max(...values));
  });

  it('may be the fold’s directory as it is, which Python’s transformers opens', async () => {
    const { folder, files } = await exported(binary, 'huggingface', { format: 'huggingface', fold: 1 });
    expect(files).toMatchObject([{ path: 'model.safetensors', rows: 64 }]);
    const own = readdirSync(folder).filter((name) => name !== 'README.md' && name !== 'export.json');
    for (const name of own)
      expect(readFileSync(join(folder, name)).equals(readFileSync(join(binary.folder, 'models/fold-1', name))), name).toBe(true);
  });

  it('is refused, and leaves nothing behind, where the model is not the one whose predictions the run recorded', async () => {
    const damaged = join(artifacts, 'runs', 'damaged');
    cpSync(binary.folder, damaged, { recursive: true });
    const weights = join(damaged, 'models', 'fold-0', 'model.safetensors');
    const bytes = readFileSync(weights);
    bytes.fill(0, bytes.length - 4096);
    writeFileSync(weights, bytes);
    const journal = openJournal(join(damaged, 'journal.jsonl'));
    journal.append({
      type: 'artifact',
      run: 'damaged',
      path: 'models/fold-0/model.safetensors',
      bytes: bytes.length,
      sha256: sha256(bytes),
    });
    journal.close();
    const before = readdirSync(artifacts);
    await expect(exported(readRun(artifacts, 'damaged'), 'nothing', { fold: 0 })).rejects.toMatchObject({
      code: 'run',
      message: expect.stringMatching(/does not compute what the run computed: predictions differ by up to 0\.\d/),
    });
    expect(readdirSync(artifacts)).toEqual(before);
  });

  it('is refused where something is there already, and for a fold that is not', async () => {
    writeFileSync(join(artifacts, 'file'), '');
    await expect(exported(binary, 'file')).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('is there already') });
    await expect(exported(binary, 'runs')).rejects.toMatchObject({ code: 'usage' });
    await expect(exported(binary, 'other', { fold: 7 })).rejects.toMatchObject({ code: 'usage', remedy: 'Its folds are 0, 1.' });
  });

  it('is compared on the rows that the run has decoded, and refused where these are gone and the training table has changed', async () => {
    const table = join(artifacts, 'changed.csv');
    copyFileSync(pathOf(binary.experiment.data.train), table);
    writeFileSync(table, readFileSync(table, 'utf8').split('\n').slice(0, 20).join('\n'));
    const elsewhere = { ...binary, experiment: { ...binary.experiment, data: { ...binary.experiment.data, train: table } } };
    const same = await exported(binary, 'same', { what: 'fold' });
    expect((await exported(elsewhere, 'elsewhere', { what: 'fold' })).files).toEqual(same.files);
    const decoded = join(artifacts, 'cache', 'examples');
    renameSync(decoded, `${decoded}-away`);
    await expect(exported(elsewhere, 'other')).rejects.toMatchObject({ code: 'data', subject: table });
    expect(existsSync(join(artifacts, 'other'))).toBe(false);
    renameSync(`${decoded}-away`, decoded);
  });
});

describe('an export of what the run predicts with', () => {
  it('is the mean of its folds, and gives the answers of predict', async () => {
    const { folder, what, models, predictedBy, files } = await exported(binary, 'whole', { alsoIn: ['int8'] });
    expect({ what, models, predictedBy }).toEqual({ what: 'ensemble', models: ['fold-0', 'fold-1'], predictedBy: ['fold-0', 'fold-1'] });
    const texts = ['Flood water rising fast on Mill Lane', 'my inbox is flooded with offers', 'Fire!'];
    const { numbers } = (await predictTexts(binary, texts, {}, () => {})).predictions;
    const [, found = []] = await scores(folder, texts, ['0', '1']);
    found.forEach((p, i) => expect(p).toBeCloseTo(numbers[i]!, 5));
    // Each fold's model for the rows that it was not trained on, so that the run's own figures stand before.
    const [float32, int8] = files;
    expect(int8).toMatchObject({ rows: 900, before: { accuracy: binary.metrics?.oof['oof/accuracy'] } });
    expect(float32?.after['loss']).toBeCloseTo(binary.metrics?.oof['oof/loss'] ?? NaN, 6);
    expect(int8?.after['loss']).not.toBeCloseTo(float32?.after['loss'] ?? NaN, 6);
    expect(Math.abs((int8?.after['loss'] ?? NaN) - (float32?.after['loss'] ?? NaN))).toBeLessThan(0.02);
  });

  it('is measured by the loss that the run was trained by', async () => {
    const { files } = await exported(three, 'weighted', { alsoIn: ['int8'] });
    const loss = three.metrics?.oof['oof/loss'] ?? NaN;
    for (const { before } of files) expect(before['loss']).toBeCloseTo(loss, 6);
    expect(files[1]?.after['loss']).toBeCloseTo(loss, 1);
  });

  it('has a model card with figures, digests and limits, and the same for programs', async () => {
    const folder = join(artifacts, 'whole');
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    const [, front = '', page = ''] = card.split('---\n', 3);
    const result = { dataset: { name: 'train.csv' }, metrics: expect.arrayContaining([expect.objectContaining({ type: 'accuracy' })]) };
    expect(parse(front)).toMatchObject({
      pipeline_tag: 'text-classification',
      library_name: 'transformers.js',
      'model-index': [{ results: [result] }],
    });
    const accuracy = binary.metrics?.oof['oof/accuracy']?.toFixed(4);
    expect(page).toMatch(new RegExp(`\\| \`accuracy\` \\| ${accuracy} \\| 0\\.\\d{4} to [01]\\.\\d{4} \\|`));
    const digest = sha256(readFileSync(pathOf(binary.experiment.data.train)));
    expect(page).toContain(`| training | \`train.csv\` | \`${digest}\` |`);
    expect(page).toContain(`A text is cut at ${binary.experiment.model.max_seq_length} tokens`);
    const described: unknown = JSON.parse(readFileSync(join(folder, 'export.json'), 'utf8'));
    expect(described).toMatchObject({
      what: 'ensemble',
      models: ['fold-0', 'fold-1'],
      files: [{ precision: 'float32', rows: 900 }, { precision: 'int8', before: { accuracy: Number(binary.metrics?.oof['oof/accuracy']) } }],
      metrics: { oof: { rows: 900, accuracy: { interval: { low: expect.any(Number) } } } },
    });
    for (const text of [card, JSON.stringify(described)]) expect(text).not.toContain(artifacts);
  });

  it.each([
    [{ what: 'ensemble', fold: 0 }, /--what ensemble and --fold do not go together/],
    [{ what: 'ensemble', format: 'huggingface' }, /--what ensemble and --format huggingface do not go together/],
    [{ what: 'fold', fold: 'all' }, /--what fold and --fold all do not go together/],
    [{ what: 'all' }, /has no model of all rows/],
    [{ fold: 'all' }, /has no model of all rows/],
  ] as const)('is refused for %j', async (request, message) => {
    await expect(exported(binary, 'refused', request)).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
    expect(existsSync(join(artifacts, 'refused'))).toBe(false);
  });
});

describe('a model that is not as its run left it', () => {
  const model = (name: string) => join(artifacts, 'runs', 'touched', 'models', 'fold-1', name);
  const damages: readonly (readonly [what: string, file: string, problem: string, damage: (path: string) => void])[] = [
    ['with one bit changed, at the same size and time', 'model.safetensors', 'was changed after the run wrote it', flipBit],
    ['cut short', 'model.safetensors', 'has 1000 bytes, and had', (path) => truncateSync(path, 1000)],
    ['without its tokenizer', 'tokenizer.json', 'is missing', (path) => rmSync(path)],
    ['with a file of another', 'vocab.txt', 'is not in the journal', (path) => writeFileSync(path, 'the')],
    ['with a folder in place of a file', 'config.json', 'is a directory', (path) => (rmSync(path), mkdirSync(path))],
    [
      'with a link in place of a file',
      'config.json',
      'is a link',
      (path) => (renameSync(path, `${path}.moved`), symlinkSync(`${path}.moved`, path)),
    ],
  ];
  it.each(damages)('%s, is named by predict and export', async (_, name, problem, damage) => {
    cpSync(binary.folder, join(artifacts, 'runs', 'touched'), { recursive: true, preserveTimestamps: true });
    const run = readRun(artifacts, 'touched');
    expect((await predictTexts(run, ['fire'], {}, () => {})).predictions.numbers).toHaveLength(1);
    damage(model(name));
    const refusal = { code: 'data', message: expect.stringMatching(new RegExp(`models/fold-1/${name} .*${problem}`)) };
    await expect(predictTexts(run, ['fire'], {}, () => {})).rejects.toMatchObject(refusal);
    await expect(exported(run, 'nothing', { fold: 1 })).rejects.toMatchObject(refusal);
    expect((await exported(run, `other-${name}-${problem.length}`, { fold: 0 })).fold).toBe(0);
    rmSync(join(artifacts, 'runs', 'touched'), { recursive: true });
  });

  it('and is gone as a whole, is missed', async () => {
    cpSync(binary.folder, join(artifacts, 'runs', 'touched'), { recursive: true });
    rmSync(join(artifacts, 'runs', 'touched', 'models', 'fold-1'), { recursive: true });
    await expect(predictTexts(readRun(artifacts, 'touched'), ['fire'], {}, () => {})).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('models/fold-1/'),
    });
  });
});
