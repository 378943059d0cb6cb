import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pathOf, readExperiment } from '../../src/config/index.ts';
import { writeCsv } from '../../src/data/tables/formats/csv.ts';
import { readTable } from '../../src/data/tables/table.ts';
import type { RunEvent } from '../../src/core/events.ts';
import { inspectDataset } from '../../src/runner/check/data.ts';
import { runExperiment, type RunnerOptions } from '../../src/runner/index.ts';
import { evaluateTable, predictTexts } from '../../src/runner/models/index.ts';
import { runExamples } from '../../src/runner/models/run-examples.ts';
import { planExperiment } from '../../src/runner/plan/index.ts';
import { listRuns, readRun, type StoredRun } from '../../src/runner/stored/index.ts';
import { measured, withLoss } from '../../src/tasks/index.ts';
import { writeEvaluationReport } from '../../src/tracking/report/index.ts';
import { readJournal } from '../helpers/journal.ts';
import { readValidation } from '../../src/runner/models/validation-rows.ts';
import { smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

const artifacts = temporaryFolder();

async function run(set: readonly string[] = [], options: Partial<RunnerOptions> = {}) {
  const events: RunEvent[] = [];
  const result = await runExperiment(await smallQuickstart(...set), { artifacts, device: 'auto', ...options }, (event) =>
    events.push(event),
  );
  return { result, events, executed: events.flatMap((event) => (event.type === 'task-started' ? [event.task] : [])) };
}

/** A table of 100 rows: the first three have the same text, once with another class, and so do the next two, once each. */
function repeating(): string {
  const rows = Array.from(
    { length: 100 },
    (_, i) => `${i},${i < 3 ? 'fire' : i < 5 ? 'flood' : `message ${i}`},${i === 2 ? 0 : i === 0 ? 1 : i % 2}`,
  );
  const path = join(artifacts, 'repeating.csv');
  writeFileSync(path, `id,text,target\n${rows.join('\n')}\n`);
  return path;
}

const lines = (path: string): readonly string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

describe('a run', () => {
  it('leaves every file that the contract names', async () => {
    const { result, executed, events } = await run();
    expect(events.every(({ run: owner }) => owner === basename(result.folder))).toBe(true);
    expect(events).toContainEqual(expect.objectContaining({ type: 'artifact', path: 'findings.json', task: 'inspect', stage: 'inspect' }));
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'artifact', path: 'models/fold-1/config.json', task: 'train[1]', stage: 'train', fold: 1 }),
    );
    expect(events.find((event) => event.type === 'artifact' && event.path === 'config.yaml')).not.toHaveProperty('task');
    expect(executed).toEqual(['examples', 'tokenize', 'split', 'inspect', 'baseline', 'train[0]', 'train[1]', 'evaluate', 'predict', 'submit']);
    for (const name of [
      'config.yaml',
      'environment.json',
      'journal.jsonl',
      'folds.csv',
      'findings.json',
      'metrics.json',
      'oof.csv',
      'predictions.csv',
      'submission.csv',
    ]) {
      expect(statSync(join(result.folder, name)).size, name).toBeGreaterThan(0);
    }
    for (const fold of [0, 1]) {
      expect(readdirSync(join(result.folder, 'models', `fold-${fold}`)).sort()).toEqual([
        'config.json',
        'model.safetensors',
        'tokenizer.json',
        'tokenizer_config.json',
      ]);
    }
    expect(lines(join(result.folder, 'oof.csv'))[0]).toBe('id,fold,target,probability,prediction');
    expect(lines(join(result.folder, 'predictions.csv'))[0]).toBe('id,probability,prediction');
    expect(lines(join(result.folder, 'submission.csv')).length).toBe(201);
    expect(lines(join(result.folder, 'submission.csv')).slice(1).every((line) => /^\d+,[01]$/.test(line))).toBe(true);
    expect(readdirSync(join(artifacts, 'cache', 'tmp'))).toEqual([]);
    expect(readdirSync(join(artifacts, 'cache', 'locks', 'train'))).toEqual([]);
  });

  it('writes the findings about its data that a check prints, and warns of them', async () => {
    const set = ['data.train=' + repeating(), 'data.test=null', 'data.sample_submission=null', 'split.seed=1'];
    const { result, events } = await run([...set, 'name=findings'], { until: 'inspect' });
    const { experiment } = await smallQuickstart(...set);
    const { findings } = await inspectDataset(experiment);
    expect(JSON.parse(readFileSync(join(result.folder, 'findings.json'), 'utf8'))).toEqual({ findings });
    expect(findings.map(({ code }) => code)).toContain('duplicate-texts');
    const notices = events.flatMap((event) => (event.type === 'task-event' && event.event.type === 'notice' ? [event.event.message] : []));
    expect(notices).toEqual(['2 warnings about the data in findings.json; pipeline check shows them']);
    expect(events).toContainEqual(expect.objectContaining({ type: 'artifact', path: 'findings.json' }));
  });

  it('trains and validates without the rows that it is told to drop, as planned, and keeps their ids', async () => {
    const set = [
      'data.train=' + repeating(),
      'data.test=null',
      'data.sample_submission=null',
      'data.conflicts=majority',
      'data.duplicates=drop',
      'split.group_by=text',
      'training.batch_size=8',
      'name=cleaned',
    ];
    const plan = await planExperiment(await smallQuickstart(...set), { artifacts, device: 'auto' });
    const { result, events } = await run(set);
    const steps = events.flatMap((event) => (event.type === 'task-event' && event.event.type === 'step' ? [event.event.steps] : []));
    // Of 100 rows: a tie of two is dropped, of three rows that are alike one stays; 96 in two folds are 48 each, 6 batches of 8.
    expect(plan.totals).toMatchObject({ rows: 96, steps: 12 });
    expect(new Set(steps)).toEqual(new Set([6]));
    const rows = lines(join(result.folder, 'oof.csv')).slice(1).map((line) => line.split(','));
    expect(rows.length).toBe(96);
    const target = (id: string): string | undefined => rows.find(([own]) => own === id)?.[2];
    expect([target('0'), target('1'), target('2'), target('3'), target('4'), target('5')]).toEqual([
      '1',
      undefined,
      undefined,
      undefined,
      undefined,
      '1',
    ]);
    const exported = await readValidation(readRun(artifacts, 'cleaned'), 0, { classes: ['0', '1'] });
    expect(exported.texts.length).toBe(48);
  });

  it('executes nothing the second time, in the same folder, in under two seconds', async () => {
    const began = performance.now();
    const { result, executed } = await run();
    expect(executed).toEqual([]);
    expect(result.run).toBe('quickstart');
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('goes on from its own complete configuration', async () => {
    const { executed, result } = await run();
    const again = await runExperiment(
      { experiment: readExperiment(join(result.folder, 'config.yaml')), sources: {}, files: [] },
      { artifacts, device: 'auto' },
      () => {},
    );
    expect(executed).toEqual([]);
    expect(again).toMatchObject({ run: result.run, executed: 0 });
  });

  it('re-tokenizes nothing for another head, and has a folder of its own', async () => {
    const { result, executed } = await run(['model.head.dense=[8]']);
    expect(executed).toEqual(['train[0]', 'train[1]', 'evaluate', 'predict', 'submit']);
    expect(result.run).toBe('quickstart-2');
  });

  it('trains nothing for another table to predict, and predicts it', async () => {
    const test = join(artifacts, 'later.csv');
    writeFileSync(test, 'id,text\n7,the river is over its banks\n9,my cat naps\n');
    const { result, executed } = await run([`data.test=${test}`, 'data.sample_submission=null']);
    expect(executed).toEqual(['examples', 'tokenize', 'inspect', 'predict']);
    expect(lines(join(result.folder, 'predictions.csv')).map((line) => line.split(',')[0])).toEqual(['id', '7', '9']);
    const frozen = ['model.freeze_encoder=true', 'model.max_seq_length=16', 'name=frozen-test'];
    expect((await run(frozen)).executed).toContain('train[0]');
    expect((await run([...frozen, `data.test=${test}`, 'data.sample_submission=null'])).executed).toEqual([
      'tokenize',
      'inspect',
      'encode',
      'predict',
    ]);
  });

  it('refuses texts longer than the model can read', async () => {
    await expect(run(['model.max_seq_length=65', 'name=long'])).rejects.toMatchObject({
      code: 'config',
      problems: [{ message: 'model.max_seq_length is 65, and the model has 64 positions' }],
    });
  });

  it('carries a forced stage out again, with all that depends on it', async () => {
    const { executed } = await run([], { force: ['evaluate'] });
    expect(executed).toEqual(['evaluate']);
  });

  it('ends after the stage it is told', async () => {
    const { result, executed } = await run(['seed=43', 'split.seed=42'], { until: 'split' });
    expect(executed).toEqual([]);
    expect(result.metrics).toBeNull();
  });

  it('trains the folds that are picked, and later only the others', async () => {
    const first = await run(['seed=7', 'split.only=[1]', 'name=first-look']);
    expect(first.executed).toContain('train[1]');
    expect(first.executed).not.toContain('train[0]');
    const rows = lines(join(first.result.folder, 'oof.csv')).slice(1);
    expect(rows.length).toBe(450);
    expect(rows.every((row) => row.split(',')[1] === '1')).toBe(true);
    const all = await run(['seed=7', 'name=all-folds']);
    expect(all.executed).toEqual(['baseline', 'train[0]', 'evaluate', 'predict', 'submit']);
  });

  it('finds what is wrong with any table before the first task', async () => {
    const refused = run(['data.sample_submission=configs/quickstart/train.csv', 'name=refused']);
    await expect(refused).rejects.toMatchObject({ code: 'data' });
    expect(readRun(artifacts, 'refused').status).toBe('failed');
  });

  it('refuses a stage that the pipeline does not have', async () => {
    await expect(run([], { until: 'evalute' })).rejects.toThrow('this run has no stage of that name');
  });

  it('stops when it is asked to, and leaves no half-made output', async () => {
    const stop = new AbortController();
    const interrupted = runExperiment(
      await smallQuickstart('training.epochs=50', 'name=stopped'),
      { artifacts, device: 'auto', signal: stop.signal },
      (event) => {
        if (event.type === 'task-event' && event.event.type === 'step') stop.abort();
      },
    );
    await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' });
    expect(readRun(artifacts, 'stopped').status).toBe('interrupted');
    expect(readdirSync(join(artifacts, 'cache', 'tmp'))).toEqual([]);
    expect(readdirSync(join(artifacts, 'cache', 'locks', 'train'))).toEqual([]);
  });

  it('tells what it takes of the machine while it works', async () => {
    const stop = new AbortController();
    const longer = runExperiment(
      await smallQuickstart('training.epochs=500', 'name=watched'),
      { artifacts, device: 'auto', signal: stop.signal },
      (event) => {
        if (event.type === 'system') stop.abort();
      },
    );
    await expect(longer).rejects.toMatchObject({ code: 'interrupted' });
    const looks = readJournal(join(readRun(artifacts, 'watched').folder, 'journal.jsonl')).filter(({ type }) => type === 'system');
    expect(looks).toEqual([
      expect.objectContaining({
        run: 'watched',
        cpuPercent: expect.any(Number),
        memoryBytes: expect.any(Number),
        freeBytes: expect.any(Number),
      }),
    ]);
  });

  it('writes what went wrong into the journal when a fold diverges, and no model', async () => {
    await expect(run(['training.optimizer.lr=1e20', 'training.schedule={name: constant}', 'name=diverged'])).rejects.toThrow(
      /not finite at step/,
    );
    const { status, folder } = readRun(artifacts, 'diverged');
    expect(status).toBe('failed');
    expect(existsSync(join(folder, 'models'))).toBe(false);
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toContain('not finite at step');
  });
});

describe('a labelled table', () => {
  const table = (name: string, content: string): { readonly path: string } => {
    const path = join(artifacts, name);
    writeFileSync(path, content);
    return { path };
  };

  it('is measured by the mean of the models, with intervals, whole and in parts', async () => {
    const stored = readRun(artifacts, 'quickstart');
    const { columns, rows } = await readTable(pathOf(stored.experiment.data.train));
    const source = table('labelled.csv', writeCsv(columns, rows.slice(0, 60)));
    const evaluation = await evaluateTable(stored, source, { by: ['keyword', 'length'], threads: 1 }, () => {});
    const { predictions } = await predictTexts(stored, evaluation.rows.texts, { threads: 1 }, () => {});
    const { metrics, slices, report, task } = evaluation;
    expect(metrics['accuracy']?.value).toBe(measured(task, evaluation.rows.targets, predictions)['accuracy']);
    const { low, high } = metrics['accuracy']?.interval ?? { low: NaN, high: NaN };
    expect(low).toBeLessThan(metrics['accuracy']!.value);
    expect(high).toBeGreaterThan(metrics['accuracy']!.value);
    for (const by of ['keyword', 'length']) {
      const own = slices.filter((slice) => slice.by === by);
      expect(own.length).toBeGreaterThan(1);
      expect(own.reduce((sum, slice) => sum + slice.rows, 0)).toBe(evaluation.rows.ids.length);
    }
    expect(report.tables.map(({ file }) => file)).toContain('confusion.csv');
    const page = join(artifacts, 'evaluation.html');
    expect((await writeEvaluationReport(page, evaluation)).length).toBeGreaterThan(1);
    expect(readFileSync(page, 'utf8')).toContain('on this table');
    expect(readFileSync(page, 'utf8')).not.toContain('ut of fold');
  });

  it('is measured by the loss that the models were trained by', async () => {
    const stored = readRun(artifacts, 'quickstart');
    const { columns, rows } = await readTable(pathOf(stored.experiment.data.train));
    const source = table('labelled.csv', writeCsv(columns, rows.slice(0, 60)));
    const lossBy = async (loss: StoredRun['experiment']['training']['loss']): Promise<number> => {
      const training = { ...stored.experiment.training, loss };
      const trained = { ...stored, experiment: { ...stored.experiment, training } };
      const { metrics, task, rows: own } = await evaluateTable(trained, source, { threads: 1 }, () => {});
      const { predictions } = await predictTexts(stored, own.texts, { threads: 1 }, () => {});
      const { labelled } = (await runExamples(stored.folder))!;
      expect(metrics['loss']?.value).toBe(measured(withLoss(task, loss, labelled.targets()), own.targets, predictions)['loss']);
      return metrics['loss']!.value;
    };
    const auto = { name: 'auto', label_smoothing: 0, class_weights: null, pos_weight: null } as const;
    const usual = await lossBy(auto);
    expect(Math.abs((await lossBy({ ...auto, class_weights: 'balanced' })) - usual)).toBeGreaterThan(1e-5);
    expect(await lossBy({ name: 'focal', class_weights: null, focal_gamma: 2, focal_alpha: null })).toBeLessThan(usual / 2);
  });

  it('is refused where it lacks what the run needs, with the places', async () => {
    const evaluate = (content: string, by: readonly string[] = []) =>
      evaluateTable(readRun(artifacts, 'quickstart'), table('wrong.csv', content), { by }, () => {});
    await expect(evaluate('id,text\n1,fire\n')).rejects.toMatchObject({
      code: 'data',
      problems: [{ message: expect.stringContaining('no column "target"') as string }],
      remedy: expect.stringContaining('pipeline predict') as string,
    });
    await expect(evaluate('text,target\nfire,1\nflood,3\nstorm,\n')).rejects.toMatchObject({
      problems: [
        { message: expect.stringContaining('"3"') as string, line: 3, row: 2, field: 'target' },
        { message: expect.stringContaining('""') as string, line: 4, row: 3 },
      ],
    });
    await expect(evaluate('text,target\nfire,1\n', ['txt'])).rejects.toMatchObject({ code: 'usage', remedy: 'Did you mean text?' });
  });
});

describe('a frozen encoder', () => {
  it('is run once, and its features serve every fold and head', async () => {
    const first = await run(['model.freeze_encoder=true', 'name=frozen']);
    expect(first.executed).toEqual(['inspect', 'encode', 'train[0]', 'train[1]', 'evaluate', 'predict', 'submit']);
    const second = await run(['model.freeze_encoder=true', 'model.head.dense=[16]', 'name=frozen-head']);
    expect(second.executed).not.toContain('encode');
    expect(second.executed).toContain('train[0]');
  });

  it('predicts new texts from whole models as the run did from features', async () => {
    const stored = readRun(artifacts, 'frozen');
    const predictions = lines(join(stored.folder, 'predictions.csv'));
    const { unlabelledExamples } = await import('../../src/data/examples/examples.ts');
    const { ids, texts } = unlabelledExamples(await readTable(pathOf(stored.experiment.data.test) ?? ''), stored.experiment.data);
    const { predictions: { numbers }, task } = await predictTexts(stored, texts.slice(0, 40), { threads: 1 }, () => {});
    expect(task.description).toEqual({ classes: ['0', '1'] });
    numbers.forEach((number, i) => {
      const [id, probability] = (predictions[i + 1] ?? '').split(',');
      expect(id).toBe(ids[i]);
      expect(number).toBeCloseTo(Number(probability), 5);
    });
  });
});

describe('a plan', () => {
  it('tells the exact steps and what is cached, and writes nothing', async () => {
    const before = listRuns(artifacts).map(({ name }) => name);
    const plan = await planExperiment(await smallQuickstart('training.epochs=3', 'training.batch_size=32'), { artifacts, device: 'auto' });
    // 900 rows in two folds: 450 to train on are 15 batches of 32, three times, in both folds.
    expect(plan.totals).toMatchObject({ steps: 90, folds: 2, epochs: 3, rows: 900, testRows: 200 });
    expect(plan.tasks.map(({ id, cached }) => [id, cached])).toEqual([
      ['examples', true],
      ['tokenize', true],
      ['split', true],
      ['inspect', true],
      ['baseline', true],
      ['train[0]', false],
      ['train[1]', false],
      ['evaluate', false],
      ['predict', false],
      ['submit', false],
    ]);
    expect(plan.tasks[5]?.detail[0]).toBe('45 steps: 3 epochs of 15');
    expect(listRuns(artifacts).map(({ name }) => name)).toEqual(before);
  });
});

describe('the list of runs', () => {
  it('names the nearest run for one that does not exist', () => {
    expect(() => readRun(artifacts, 'quickstrat')).toThrow(expect.objectContaining({ code: 'usage', remedy: 'Did you mean quickstart?' }));
  });
});
