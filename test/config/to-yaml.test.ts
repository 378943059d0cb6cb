import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isMetricOf, modeOf } from '../../src/config/metric-names.ts';
import { experimentDefinition, type Experiment } from '../../src/config/experiment.ts';
import { readExperiment, toYaml, usualLoss } from '../../src/config/index.ts';
import { KEYS_OF } from '../../src/config/split-keys.ts';
import { keysOf, propertyOf, typesOf, wordsOf, type Json, type SchemaNode } from '../../src/config/schema/schema.ts';
import { root, workspace } from './workspace.ts';

test('a complete configuration reads as it was written by hand', () => {
  expect(toYaml(readExperiment(join(root, 'configs', 'bert-3dense.yaml')))).toContain(
    ['    dense: [256, 32]', '    dropout: 0.1', '    activation: none', 'split:', '  strategy: stratified-kfold'].join('\n'),
  );
});

test('the order of the keys in memory does not matter', () => {
  const experiment = readExperiment(join(root, 'configs', 'bert-3dense.yaml'));
  const reversed = Object.fromEntries(Object.entries(experiment).reverse()) as unknown as Experiment;
  expect(toYaml(reversed)).toBe(toYaml(experiment));
});

test('every experiment comes back as it was, whatever its values', () => {
  const file = join(workspace(), 'again.yaml');
  const next = draws(7);
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const experiment = coherent(anyValue(experimentDefinition, next) as unknown as Experiment);
    writeFileSync(file, toYaml(experiment));
    const again = readExperiment(file);
    expect(again).toEqual(experiment);
    expect(toYaml(again)).toBe(toYaml(experiment));
  }
});

/** The experiment without the values that contradict others. */
function coherent({ task, data, model, split, training: drawn, ...rest }: Experiment): Experiment {
  const training = watchingOwn(drawn, task.name);
  const { optimizer, schedule, early_stopping, lr_resets, best_model } = training;
  const mode = modeOf;
  const [isLabels, isNumbers] = [task.name === 'multi-label', task.name === 'regression'];
  const segments = typeof data.text === 'string' ? data.text : [...new Set(data.text)].slice(0, 2);
  const onPlateau = schedule.name === 'reduce-on-plateau';
  return {
    ...rest,
    task,
    name: 'any',
    data: {
      ...data,
      ...{ id: null, encoding: 'latin1', columns: distinct(data.columns) },
      text: segments,
      target: isLabels ? ['not a segment', ' '] : 'not a segment',
      label_separator: null,
      weight: null,
      missing: isLabels || isNumbers ? data.missing : [],
      conflicts: isLabels || isNumbers ? 'keep' : data.conflicts,
      train: table(data.train),
      validation: null,
      test: table(data.test),
      sample_submission: data.test === null ? null : table(data.sample_submission),
    },
    model: {
      ...model,
      truncation: segments.length === 2 && typeof segments !== 'string' ? model.truncation : 'longest_first',
      freeze: { ...model.freeze, embeddings: null, layers: model.freeze_encoder ? 0 : model.freeze.layers },
    },
    split: dividing(split, task.name),
    prediction: { models: drawn.refit ? rest.prediction.models : 'folds' },
    training: {
      ...training,
      loss: task.name === 'classification' && training.loss.name in CLASS_LOSSES ? training.loss : usualLoss,
      layer_decay: model.freeze_encoder ? 1 : training.layer_decay,
      seeds: training.seeds === null || model.weights === 'random' ? null : [...new Set(training.seeds)],
      micro_batch: training.micro_batch === null ? null : Math.min(training.micro_batch, training.batch_size),
      optimizer: optimizer.name === 'sgd' ? { ...optimizer, nesterov: optimizer.nesterov && optimizer.momentum > 0 } : optimizer,
      schedule: onPlateau ? { ...schedule, mode: mode(schedule.monitor), min_lr: 0 } : schedule,
      best_model: { ...best_model, mode: mode(best_model.monitor) },
      early_stopping: early_stopping === null ? null : { ...early_stopping, mode: mode(early_stopping.monitor) },
      lr_resets: onPlateau && early_stopping !== null ? lr_resets : null,
    },
  };
}

/** Those that classes can have. */
const CLASS_LOSSES = { auto: true, 'cross-entropy': true, bce: true, focal: true };

/** The loss in place of metrics that a task does not measure. */
function watchingOwn(training: Experiment['training'], task: Experiment['task']['name']): Experiment['training'] {
  const { best_model, early_stopping, schedule, ...rest } = training;
  const own = <T extends { readonly monitor: Experiment['training']['best_model']['monitor'] }>(watcher: T): T =>
    isMetricOf(task, watcher.monitor) ? watcher : { ...watcher, monitor: 'val/loss' };
  return {
    ...rest,
    best_model: own(best_model),
    early_stopping: early_stopping === null ? null : own(early_stopping),
    schedule: schedule.name === 'reduce-on-plateau' ? own(schedule) : schedule,
  };
}

/** The keys that the strategy takes, and one that the task takes. */
function dividing({ strategy: drawn, ...split }: Experiment['split'], task: Experiment['task']['name']): Experiment['split'] {
  const isStratified = drawn === 'stratified-kfold' || drawn === 'repeated-stratified-kfold';
  const isOfLabels = task === 'multi-label';
  const strategy = (isOfLabels && isStratified) || (!isOfLabels && drawn === 'multilabel-stratified-kfold') ? 'kfold' : drawn;
  const takes = (key: (typeof KEYS_OF)[typeof strategy][number]): boolean => KEYS_OF[strategy].includes(key);
  const folds = takes('folds') ? Math.max(2, split.folds) : 5;
  return {
    ...split,
    strategy,
    folds,
    repeats: takes('repeats') ? (split.repeats ?? 2) : null,
    size: takes('size') ? (split.size ?? 0.5) : null,
    column: takes('column') ? (split.column ?? 'fold') : null,
    order: takes('order') ? (split.order ?? 'day') : null,
    gap: takes('gap') ? (split.gap ?? 0) : null,
    shuffle: takes('shuffle') ? split.shuffle || strategy === 'holdout' : true,
    group_by: takes('group_by') ? split.group_by : null,
    seed: takes('seed') ? split.seed : null,
    bins: takes('bins') && task === 'regression' ? split.bins : null,
    only: split.only === null ? null : [0],
  };
}

const distinct = (names: readonly string[] | null | undefined): readonly string[] | null =>
  names === null || names === undefined ? null : [...new Set(names)];

/** Encodings that there are, columns that are named once, and no columns of its own that are the same as others. */
function table<T extends Experiment['data']['sample_submission']>(value: T): T {
  return typeof value === 'string' || value === null
    ? value
    : ({ path: value.path, encoding: 'utf-16', columns: Array.isArray(value.columns) ? distinct(value.columns) : (value.columns ?? null) } as T);
}

/** A value that the schema accepts; hard ones rather than likely ones. */
function anyValue(schema: SchemaNode, next: (below: number) => number): Json {
  const types = typesOf(schema);
  if (types.includes('null') && next(3) === 0) return null;
  const words = wordsOf(schema);
  if (words.length > 0) return words[next(words.length)] ?? '';
  if (typeof schema.additionalProperties === 'object') {
    const values = schema.additionalProperties;
    const named = Array.from({ length: next(4) }, () => [TEXTS[next(TEXTS.length)] ?? '', anyValue(values, next)] as const);
    return types.includes('string') && next(2) === 0 ? 'balanced' : Object.fromEntries(named);
  }
  if (types.includes('object') && !(types.includes('string') && next(2) === 0)) {
    const kind = schema.allOf?.[next(schema.allOf.length)]?.if.properties.name.const;
    const entries = keysOf(schema, kind).map(
      (key) => [key, key === 'name' && kind !== undefined ? kind : anyValue(propertyOf(schema, key) ?? schema, next)] as const,
    );
    return Object.fromEntries(entries);
  }
  if (types.includes('array') && schema.items !== undefined) {
    const items = schema.items;
    return Array.from({ length: schema.minItems === schema.maxItems ? (schema.minItems ?? 0) : (schema.minItems ?? 0) + next(3) }, () =>
      anyValue(items, next),
    );
  }
  if (types.includes('boolean')) return next(2) === 0;
  if (types.includes('string') && types.includes('integer')) return next(2) === 0 ? 'auto' : 1 + next(64);
  if (types.includes('string')) return schema.pattern === undefined ? (TEXTS[next(TEXTS.length)] ?? '') : 'env';
  const low = schema.minimum ?? schema.exclusiveMinimum ?? 0;
  if (types.includes('integer')) return low + next(1000);
  const high = Math.min(schema.maximum ?? schema.exclusiveMaximum ?? 1e6, 1e6);
  return low + (high - low) * ((next(1_000_000) + 1) / 1_000_002) ** (1 + next(6));
}

const TEXTS = [
  'plain',
  'two words',
  ' spaces ',
  'null',
  '~',
  'true',
  'No',
  '42',
  '1e-4',
  '0x10',
  '.5',
  '-',
  '- a',
  '? b',
  'a: b',
  'a #b',
  '#c',
  "it's",
  '"quoted"',
  '{x}',
  '[y]',
  '&z',
  '*z',
  '!t',
  '%p',
  '@q',
  '`r`',
  '|',
  '>',
  'line\nbreak',
  'tail\n',
  '\ttab',
  'back\\slash',
  'C:\\data\\train.csv',
  'ünï',
  '🐳',
  '日本語',
  '\u2028',
  '\u0085',
  '\u007f',
  '\ufeff',
  '---',
  '...',
  '<<',
  'x'.repeat(200),
  'word '.repeat(60),
  '2024-01-01',
  '=',
  'y',
];

/** Numbers below a bound, the same ones every time (Lehmer's generator). */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}
