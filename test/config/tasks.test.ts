import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadExperiment, loadSweep, toYaml } from '../../src/config/index.ts';
import { isMetricOf, metricsOf, modeOf } from '../../src/config/metric-names.ts';
import { asked } from '../../src/config/parameters.ts';
import { taskNames } from '../../src/config/task-names.ts';
import { problemsOf, workspace } from './workspace.ts';

const text = (target: string, more = ''): string =>
  `data: { train: a.csv, text: text, target: ${target} }\nmodel: { base: some-model }\n${more}`;

const load = (content: string, set: readonly string[] = []) => loadExperiment(join(workspace({ 'x.yaml': content }), 'x.yaml'), { set });

const allOf = (content: string, set: readonly string[] = []) => problemsOf(join(workspace({ 'x.yaml': content }), 'x.yaml'), set);

const REGRESSION = 'task: { name: regression }';

/** Of a configuration with one problem. */
function problemOf(content: string, set: readonly string[] = []) {
  const [problem, ...others] = allOf(content, set);
  expect(others).toEqual([]);
  return problem!;
}

describe('what a configuration leaves out follows from its task', () => {
  test.each([
    ['target', 'classification', 'val/f1_macro', 'val/accuracy', null],
    ['[a, b]', 'classification', 'val/f1_macro', 'val/accuracy', null],
    ['[a, b]', 'multi-label', 'val/roc_auc', 'val/roc_auc', null],
    ['target', 'regression', 'val/rmse', 'val/rmse', 10],
    ['[a]', 'regression', 'val/rmse', 'val/rmse', 10],
    ['[a, b]', 'regression', 'val/mcrmse', 'val/mcrmse', 10],
    ['target', 'ordinal', 'val/qwk', 'val/qwk', null],
  ])('target %s, task %s: watches %s', (target, name, monitor, stopping, bins) => {
    const { experiment, sources } = load(text(target, `task: { name: ${name} }\ntraining: { early_stopping: { patience: 2 } }\n`));
    const { best_model, early_stopping } = experiment.training;
    expect(best_model).toEqual({ monitor, mode: modeOf(monitor) });
    expect(early_stopping).toEqual({ monitor: stopping, mode: modeOf(stopping), patience: 2 });
    expect(experiment.split.bins).toBe(bins);
    expect(sources['training.best_model.monitor']).toBe('default');
    expect(Object.keys(asked(experiment)).filter((path) => /monitor|\.mode|bins|strategy/.test(path))).toEqual([]);
    const written = toYaml(experiment);
    expect(written).toContain(`monitor: ${monitor}`);
    expect(load(written).experiment).toEqual(experiment);
  });

  test('and the mode from the metric', () => {
    const plateau = 'schedule: { name: reduce-on-plateau, monitor: val/r2 }';
    const { experiment } = load(text('y', `${REGRESSION}\ntraining: { best_model: { monitor: val/pearson }, ${plateau} }\n`));
    expect(experiment.training).toMatchObject({ best_model: { mode: 'max' }, schedule: { mode: 'max' } });
    expect(load(text('y', 'training: { best_model: { monitor: val/loss } }\n')).experiment.training.best_model.mode).toBe('min');
  });

  test('a training table with columns of its own counts', () => {
    const content = `${REGRESSION}\ndata: { train: { path: a.csv, target: [a, b] }, text: t, target: y }\nmodel: { base: m }\n`;
    expect(load(content).experiment.training.best_model.monitor).toBe('val/mcrmse');
  });
});

describe('what a task has no use for is refused where it stands', () => {
  test.each([
    ['target', 'task: regression', { line: 3, column: 7, suggestion: '{ name: regression }' }],
    ['target', 'task: ordinl', { line: 3, column: 7, suggestion: '{ name: ordinal }' }],
    ['target', 'problem_type: regression', { line: 3, column: 1, suggestion: 'task.name' }],
    ['target', 'task: { name: regresion }', { line: 3, column: 15, suggestion: 'regression' }],
    ['target', 'task: { name: regression, grades: [1, 2] }', { line: 3, column: 27, message: /only ordinal has/ }],
    ['target', 'task: { name: ordinal, grade: [1, 2] }', { line: 3, column: 24, suggestion: 'grades' }],
    ['target', 'task: { name: ordinal, link: corel }', { line: 3, column: 30, suggestion: 'coral' }],
    ['[a, b]', 'task: { name: ordinal }', { line: 1, message: /list of 2 columns.*ordinal has one/ }],
    ['[a]', 'seed: 1', { line: 1, message: /a column for each class, with its probability/, suggestion: 'target: a' }],
    ['[a, a]', 'seed: 1', { line: 1, message: /"a" is listed twice/ }],
    ['[a]', 'task: { name: ordinal }', { line: 1, suggestion: 'target: a' }],
    ['[a, b, a]', REGRESSION, { line: 1, column: 50, message: /"a" is listed twice in data.target/ }],
    ['[a, text]', REGRESSION, { line: 1, message: /both name the column "text"/ }],
    ['target', 'task: { name: multi-label }', { line: 1, message: /list of columns.*data.label_separator/ }],
    ['[a, b]', `${REGRESSION}\nsplit: { group_by: b }`, { line: 4, column: 20, message: /a target column/ }],
    ['target', `${REGRESSION}\nsplit: { strategy: kfold, bins: 5 }`, { line: 4, column: 33 }],
    ['target', 'split: { bins: 5 }', { line: 3, column: 16, suggestion: 'bins: null' }],
    ['target', `${REGRESSION}\ntraining: { best_model: { monitor: val/f1_macro } }`, { line: 4, column: 36, suggestion: 'val/rmse' }],
    ['target', `${REGRESSION}\ntraining: { best_model: { monitor: val/rsme } }`, { line: 4, column: 36, suggestion: 'val/rmse' }],
    ['target', 'training: { best_model: { monitor: val/qwk } }', { line: 3, column: 36, message: /measures loss, accuracy/ }],
    ['target', 'training: { best_model: { monitor: val/rmse, mode: max } }', { line: 3, column: 36 }],
    ['target', `${REGRESSION}\ntraining: { best_model: { monitor: val/rmse, mode: max } }`, { column: 52, suggestion: 'mode: min' }],
  ] as const)('target: %s, %s', (target, more, expected) => {
    const problems = allOf(text(target, `${more}\n`));
    const { message, ...place } = expected as { readonly message?: RegExp };
    expect(problems[0]).toMatchObject(place);
    if (message !== undefined) expect(problems[0]?.message).toMatch(message);
  });

  test.each([
    ['data.label_separator="|"', 'label_separator: null'],
    ['data.missing=["?"]', undefined],
  ])('%s of a classification', (set, suggestion) => {
    expect(problemOf(text('target'), [set]).suggestion).toBe(suggestion);
  });

  test('data.conflicts: majority of a regression', () => {
    expect(problemOf(text('y', `${REGRESSION}\n`), ['data.conflicts=majority']).suggestion).toBe('conflicts: drop');
  });
});

test('metrics of the most probable classes may have any number in their names', () => {
  for (const metric of ['map_at_3', 'top_25_accuracy'])
    expect(load(text('y', `training: { best_model: { monitor: val/${metric} } }\n`)).experiment.training.best_model.mode).toBe('max');
  expect(problemOf(text('y', 'training: { best_model: { monitor: val/map_at_0 } }\n'))).toMatchObject({ line: 3, column: 36 });
});

test('every task measures its loss and what it watches, and its list says so', () => {
  for (const task of taskNames) {
    const named = metricsOf(task).map((metric) => metric.replace('<k>', '3'));
    expect(named.filter((metric) => !isMetricOf(task, `val/${metric}`))).toEqual([]);
    expect(named).toContain('loss');
  }
});

describe('a sweep', () => {
  const sweep = (metric: string, parameters = 'seed: [1, 2]') => {
    const files = { 'x.yaml': text('y', `${REGRESSION}\n`), 's.yaml': `base: x.yaml\n${metric}parameters: { ${parameters} }\n` };
    return loadSweep(join(workspace(files), 's.yaml'));
  };

  test('is ranked by the metric of its task, in its direction', () => {
    expect(sweep('')).toMatchObject({ metric: 'oof/rmse', mode: 'min' });
    expect(sweep('metric: cv/pearson/mean\n')).toMatchObject({ metric: 'cv/pearson/mean', mode: 'max' });
  });

  test('is refused where a member has no such metric', () => {
    expect(() => sweep('metric: oof/f1_macro\n')).toThrow(expect.objectContaining({
      problems: [expect.objectContaining({ line: 2, column: 9, suggestion: 'oof/rmse' })],
    }));
  });
});
