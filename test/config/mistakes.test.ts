import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { marked, placeOf, problemsOf, shipped, workspace } from './workspace.ts';

/** In a shipped file, `from` becomes `to`; a problem has to stand at each «mark», with this suggestion, and none elsewhere. */
interface Mistake {
  readonly file?: string;
  readonly from: string;
  readonly to: string;
  /** One for all marks, or one a mark. */
  readonly suggestion?: string | readonly (string | undefined)[];
  readonly message?: RegExp;
}

const BASE = 'base/disaster-tweets.yaml';
const OPTIMIZER = '{ name: adam, lr: 0.00017, weight_decay: 0.00001 }';
const SCHEDULE = '{ name: reduce-on-plateau, monitor: val/loss, mode: min, patience: 5, factor: 0.3 }';
const STOPPING = '{ monitor: val/accuracy, mode: max, patience: 3 }';
const RESETS = '{ values: [0.05, 0.02, 0.105, 0.1, 0.2], below: 0.000001 }';
const COMMENT = '  # When patience runs out and the rate has fallen below 1e-6, training goes on with the next of these rates.\n';
const AFTER_SCHEDULE = `\n  best_model: { monitor: val/f1_macro, mode: max }\n  early_stopping: ${STOPPING}\n${COMMENT}  lr_resets: ${RESETS}`;

const mistyped: readonly Mistake[] = [
  { from: 'pipeline:', to: '«pipline»:', suggestion: 'pipeline' },
  { from: 'extends:', to: '«extend»:', suggestion: ['extends'], message: /no key extend at the top level/ },
  { from: 'model:\n', to: '«modle»:\n', suggestion: 'model' },
  { from: 'head:', to: '«haed»:', suggestion: 'head' },
  { from: 'dense:', to: '«dens»:', suggestion: 'dense' },
  { from: 'dropout:', to: '«drop_out»:', suggestion: 'dropout' },
  { from: 'activation:', to: '«activaton»:', suggestion: 'activation' },
  { file: BASE, from: 'seed: 42\ndata', to: '«sed»: 42\ndata', suggestion: 'seed' },
  { file: BASE, from: '  train:', to: '  «trian»:', suggestion: 'train' },
  { file: BASE, from: '  id: id', to: '  «di»: id', suggestion: 'id' },
  { file: BASE, from: '  target:', to: '  «label»:', suggestion: 'target' },
  { file: BASE, from: 'max_seq_length', to: '«max_length»', suggestion: 'max_seq_length' },
  { file: BASE, from: 'freeze_encoder', to: '«freezeEncoder»', suggestion: 'freeze_encoder' },
  { file: BASE, from: 'sample_submission:', to: '«sample-submission»:', suggestion: 'sample_submission' },
  { file: BASE, from: 'folds: 5', to: '«n_splits»: 5', suggestion: 'folds' },
  { file: BASE, from: 'shuffle:', to: '«shufle»:', suggestion: 'shuffle' },
  { file: BASE, from: 'split:', to: '«splits»:', suggestion: 'split' },
  { file: BASE, from: 'batch_size', to: '«batchsize»', suggestion: 'batch_size' },
  { file: BASE, from: 'optimizer:', to: '«optimiser»:', suggestion: 'optimizer' },
  { file: BASE, from: 'lr: 0.00017', to: '«learning_rate»: 0.00017', suggestion: 'lr' },
  { file: BASE, from: 'weight_decay', to: '«weigth_decay»', suggestion: 'weight_decay' },
  { file: BASE, from: 'schedule:', to: '«scheduler»:', suggestion: 'schedule' },
  { file: BASE, from: 'patience: 5', to: '«patients»: 5', suggestion: 'patience' },
  { file: BASE, from: 'best_model', to: '«bestmodel»', suggestion: 'best_model' },
  { file: BASE, from: 'early_stopping', to: '«early_stoping»', suggestion: 'early_stopping' },
  { file: BASE, from: 'lr_resets', to: '«lr_reset»', suggestion: 'lr_resets' },
  { file: BASE, from: 'values:', to: '«value»:', suggestion: 'values' },
  { file: BASE, from: 'mlflow:', to: '«ml_flow»:', suggestion: 'mlflow' },
  { file: BASE, from: 'uri:', to: '«url»:', suggestion: 'uri' },
];

const misplaced: readonly Mistake[] = [
  {
    file: BASE,
    from: 'epochs: 10',
    to: 'epochs: 10\n  «lr»: 0.001',
    suggestion: 'training.optimizer.lr',
    message: /belongs under training\.optimizer/,
  },
  { file: BASE, from: 'seed: 42\ndata', to: '«epochs»: 3\ndata', suggestion: 'training.epochs' },
  {
    file: BASE,
    from: 'seed: 42\ndata',
    to: '«mode»: max\ndata',
    suggestion: 'training.best_model.mode',
    message: /training\.best_model or under training\.early_stopping/,
  },
  { file: BASE, from: 'epochs: 10', to: 'epochs: 10\n  «folds»: 5', suggestion: 'split.folds' },
  { file: BASE, from: 'epochs: 10', to: 'epochs: 10\n  «max_seq_length»: 5', suggestion: 'model.max_seq_length' },
  { file: BASE, from: '  base: bert-base-uncased', to: '  base: bert-base-uncased\n  «dropout»: 0.2', suggestion: 'model.head.dropout' },
  { file: BASE, from: 'epochs: 10', to: 'epochs: 10\n  «device»: cpu', suggestion: 'resources.device' },
  { file: BASE, from: '  train: data', to: '  «base»: x\n  train: data', suggestion: 'model.base' },
  { file: BASE, from: 'seed: 42\ndata', to: '«optimizer»: { name: adam }\ndata', suggestion: 'training.optimizer' },
  { file: BASE, from: 'mlflow: { uri: env, experiment: disaster-tweets }', to: '«uri»: env', suggestion: 'tracking.mlflow.uri' },
  { file: BASE, from: OPTIMIZER, to: '{ name: adam, «momentum»: 0.9 }', message: /adam has no momentum; only sgd has/ },
  { file: BASE, from: OPTIMIZER, to: '{ name: sgd, «betas»: [0.9, 0.999] }', message: /only adam and adamw have/ },
  { file: BASE, from: SCHEDULE, to: '{ name: reduce-on-plateau, «warmup»: 0.1 }', message: /only linear and cosine have/ },
];

const wrongTypes: readonly Mistake[] = [
  {
    file: BASE,
    from: 'seed: 42\ndata',
    to: 'seed: «forty-two»\ndata',
    message: /whole number from 0 to 4294967295, but is the text "forty-two"/,
  },
  { file: BASE, from: 'epochs: 10', to: 'epochs: «10.5»', message: /a whole number of at least 1, but is 10\.5/ },
  { file: BASE, from: 'epochs: 10', to: 'epochs: «"10"»', suggestion: '10' },
  { file: BASE, from: 'epochs: 10', to: 'epochs: «[10]»', message: /but is a list/ },
  { file: BASE, from: 'epochs: 10', to: '«epochs»:', message: /but is empty/ },
  { file: BASE, from: 'epochs: 10', to: '«epochs»:\n    first: 10', message: /but is a mapping/ },
  { file: BASE, from: 'epochs: 10', to: 'epochs: «1,7»', suggestion: '1.7', message: /the text "1,7"/ },
  { file: BASE, from: 'lr: 0.00017', to: 'lr: 1,«7»', suggestion: '1.7', message: /decimal/ },
  { file: BASE, from: 'lr: 0.00017', to: "lr: «'1.7e-4'»", suggestion: '0.00017' },
  { file: BASE, from: 'lr: 0.00017', to: 'lr: «1e»', message: /the text "1e"/ },
  { file: BASE, from: 'factor: 0.3', to: 'factor: «30%»', suggestion: '0.3' },
  { file: BASE, from: 'shuffle: true', to: 'shuffle: «yes»', suggestion: 'true' },
  { file: BASE, from: 'freeze_encoder: false', to: 'freeze_encoder: «off»', suggestion: 'false' },
  ...['constructor', 'toString', '__proto__'].map((word) => ({
    file: BASE,
    from: 'freeze_encoder: false',
    to: `freeze_encoder: «${word}»`,
    message: /must be true or false, but is the text/,
  })),
  { file: BASE, from: '  id: id', to: '  id: «1»', suggestion: '"1"' },
  { file: BASE, from: '  base: bert-base-uncased', to: '  base: «null»', message: /must be text, but is null/ },
  { file: BASE, from: SCHEDULE, to: '«one-cycle»', suggestion: '{ name: one-cycle }', message: /a mapping with keys such as name/ },
  { file: BASE, from: 'split: { strategy: stratified-kfold, folds: 5, shuffle: true, seed: 42 }', to: '«split»:', message: /but is empty/ },
  { from: 'dense: []', to: 'dense: «256»', suggestion: '[256]' },
  { from: 'dense: []', to: 'dense: [256, «wide»]', message: /model\.head\.dense\[1\] must be a whole number/ },
  { from: '[base/disaster-tweets.yaml]', to: '«7»', suggestion: '"7"', message: /extends must be text, or a list/ },
];

const outOfRange: readonly Mistake[] = [
  { from: 'name: bert-1dense', to: 'name: «../bert»', message: /a folder name/ },
  { file: BASE, from: 'folds: 5', to: 'folds: «1»', message: /at least 2, but is 1/ },
  { file: BASE, from: 'batch_size: 32', to: 'batch_size: «0»' },
  { file: BASE, from: 'lr: 0.00017', to: 'lr: «-0.1»', message: /greater than 0/ },
  { file: BASE, from: 'lr: 0.00017', to: 'lr: «.inf»', message: /but is \.inf/ },
  { file: BASE, from: 'lr: 0.00017', to: 'lr: «.nan»', message: /but is \.nan/ },
  { file: BASE, from: 'factor: 0.3', to: 'factor: «1»', message: /greater than 0 and less than 1/ },
  { file: BASE, from: 'patience: 3', to: 'patience: «0»' },
  { file: BASE, from: 'max_seq_length: 169', to: 'max_seq_length: «2»' },
  { file: BASE, from: 'seed: 42\ndata', to: 'seed: «-1»\ndata' },
  { file: BASE, from: '[0.05, 0.02, 0.105, 0.1, 0.2]', to: '«[]»', message: /but is an empty list/ },
  { file: BASE, from: '[0.05, 0.02, 0.105, 0.1, 0.2]', to: '[0.05, «0»]', message: /lr_resets\.values\[1\]/ },
  { from: 'dropout: 0.1', to: 'dropout: «1.0»', message: /less than 1, but is 1\.0/ },
  { file: BASE, from: 'strategy: stratified-kfold', to: 'strategy: «stratified»', suggestion: 'stratified-kfold' },
  { file: BASE, from: 'name: adam', to: 'name: «adamW»', suggestion: 'adamw' },
  { file: BASE, from: 'name: reduce-on-plateau', to: 'name: «ReduceOnPlateau»', suggestion: 'reduce-on-plateau' },
  { file: BASE, from: 'monitor: val/f1_macro', to: 'monitor: «val_f1_macro»', suggestion: 'val/f1_macro' },
  { file: BASE, from: 'monitor: val/f1_macro', to: 'monitor: «f1_macro»', suggestion: 'val/f1_macro' },
  { file: BASE, from: 'monitor: val/accuracy', to: 'monitor: «val/acc»', suggestion: 'val/accuracy' },
  { file: BASE, from: 'monitor: val/loss', to: 'monitor: «valid/loss»', suggestion: 'val/loss' },
  { from: 'activation: none', to: 'activation: «GELU»', suggestion: 'gelu' },
  { file: BASE, from: 'uri: env', to: 'uri: «https://me:secret@example.org»', message: /without user and password/ },
  {
    file: BASE,
    from: 'uri: env',
    to: 'uri: «sqlite:///x.db»',
    message: /a database or a folder needs a server: "mlflow server .*--backend-store-uri/,
  },
  { file: BASE, from: 'uri: env', to: 'uri: «file:./mlruns»', message: /MLFLOW_ALLOW_FILE_STORE=true for a folder/ },
];

const contradictions: readonly Mistake[] = [
  { file: BASE, from: 'monitor: val/f1_macro, mode: max', to: 'monitor: val/f1_macro, mode: «min»', suggestion: 'mode: max' },
  { file: BASE, from: 'monitor: val/loss, mode: min', to: 'monitor: val/loss, mode: «max»', suggestion: 'mode: min' },
  {
    file: BASE,
    from: '  test: data/nlp-getting-started/test.csv\n  sample_submission: data/nlp-getting-started/sample_submission.csv',
    to: '  sample_submission: «sample.csv»',
    message: /data\.test is null/,
  },
  { file: BASE, from: '  target: target', to: '  target: «text»', message: /the same column/ },
  {
    file: BASE,
    from: 'folds: 5, shuffle: true',
    to: 'folds: 5, group_by: «target», shuffle: true',
    message: /each of its values would be in one fold only/,
  },
  {
    file: BASE,
    from: 'folds: 5, shuffle: true',
    to: 'folds: 5, group_by: «id», shuffle: true',
    suggestion: 'group_by: null',
    message: /differ in every row/,
  },
  { file: BASE, from: 'folds: 5, shuffle: true', to: 'folds: 5, only: [0, «5»], shuffle: true', message: /numbered 0 to 4/ },
  {
    file: BASE,
    from: SCHEDULE + AFTER_SCHEDULE,
    to: `{ name: one-cycle }${AFTER_SCHEDULE.replace(RESETS, `«${RESETS}»`)}`,
    suggestion: 'lr_resets: null',
    message: /sets it at every step/,
  },
  {
    file: BASE,
    from: SCHEDULE + AFTER_SCHEDULE,
    to: `{ name: constant }${AFTER_SCHEDULE.replace(RESETS, `«${RESETS}»`)}`,
    suggestion: 'lr_resets: null',
    message: /is constant/,
  },
  {
    file: BASE,
    from: `${STOPPING}\n${COMMENT}  lr_resets: ${RESETS}`,
    to: `null\n${COMMENT}  lr_resets: «${RESETS}»`,
    suggestion: 'lr_resets: null',
    message: /patience/,
  },
  {
    file: BASE,
    from: `factor: 0.3 }${AFTER_SCHEDULE}`,
    to: `factor: 0.3, min_lr: 0.00001 }${AFTER_SCHEDULE.replace(RESETS, `«${RESETS}»`)}`,
    suggestion: 'lr_resets: null',
  },
  {
    file: BASE,
    from: `factor: 0.3 }${AFTER_SCHEDULE}`,
    to: `factor: 0.3, min_lr: «0.1» }${AFTER_SCHEDULE.replace(RESETS, 'null')}`,
    message: /never reduced/,
  },
  { file: BASE, from: OPTIMIZER, to: '{ name: sgd, nesterov: «true» }', message: /momentum/ },
  {
    file: BASE,
    from: 'batch_size: 32',
    to: 'batch_size: 32\n  micro_batch: «64»',
    suggestion: 'micro_batch: null',
    message: /at most training.batch_size, which is 32/,
  },
  { file: BASE, from: 'batch_size: 32', to: 'batch_size: 32\n  seeds: [1, 2, «1»]', message: /the seed 1 is listed twice in training\.seeds/ },
];

const badYaml: readonly Mistake[] = [
  { file: BASE, from: '  epochs: 10\n', to: '«\t»epochs: 10\n', message: /tab/ },
  { file: BASE, from: '  epochs: 10\n', to: '  «epochs:10»\n', suggestion: 'epochs: 10' },
  { file: BASE, from: '  epochs: 10\n', to: '  epochs: 10\n    «more: 3»\n', message: /deeper/ },
  { file: BASE, from: '  epochs: 10\n', to: '  epochs: 10\n «more: 3»\n', message: /fits none of the lines above/ },
  { file: BASE, from: '  epochs: 10\n', to: '  epochs: 10\n  «just words»\n', message: /neither/ },
  { file: BASE, from: 'seed: 42\ndata', to: 'seed: 42\n«seed»: 43\ndata', message: /is set twice; it is first set on line/ },
  { file: BASE, from: 'lr: 0.00017', to: 'lr: 0.00017, «lr»: 0.1', message: /is set twice/ },
  { from: 'name: bert-1dense', to: 'name: «"»bert-1dense', message: /never closed/ },
  { from: 'name: bert-1dense', to: 'name: «@bert»', suggestion: '"@bert"' },
  { from: 'name: bert-1dense', to: 'name: «bert: 1dense»', message: /second colon/ },
  { from: 'dense: []', to: 'dense: «[»', message: /not closed/ },
  { from: 'name: bert-1dense', to: 'name: «!!python/name» bert', message: /tag/ },
  { from: 'name: bert-1dense', to: 'name: «*bert»', message: /no anchor/ },
  { from: 'name: bert-1dense', to: 'name: "a«\\q»"', message: /escape/ },
  { from: 'name: bert-1dense', to: 'name: "a" «b»', message: /ends before this/ },
  { from: 'model:\n', to: '«-»--\nmodel:\n', message: /second document/ },
  { from: 'model:\n', to: '«<<»: { seed: 1 }\nmodel:\n', message: /extends/ },
];

const badLayers: readonly Mistake[] = [
  { from: 'base/disaster-tweets.yaml', to: '«base/disaster-tweet.yaml»', suggestion: 'base/disaster-tweets.yaml' },
  { from: 'base/disaster-tweets.yaml', to: '«bert-1dense.yaml»', message: /circular: .*bert-1dense\.yaml → .*bert-1dense\.yaml/ },
  { from: '[base/disaster-tweets.yaml]', to: '«base»', message: /is a folder/ },
  { file: BASE, from: 'seed: 42\ndata', to: 'extends: «../bert-1dense.yaml»\ndata', message: /circular/ },
];

const groups = { mistyped, misplaced, wrongTypes, outOfRange, contradictions, badYaml, badLayers };

describe.each(Object.entries(groups))('%s', (_group, mistakes) => {
  test.each(mistakes.map((mistake) => [mistake.to.trim().replaceAll('\n', '⏎').slice(0, 80), mistake] as const))(
    '%s',
    (_title, { file = 'bert-1dense.yaml', from, to, suggestion, message }) => {
      const before = shipped(file);
      expect(before).toContain(from);
      const { text, places } = marked(before.replace(from, () => to));
      const folder = workspace({ [file]: text });
      const problems = problemsOf(join(folder, 'bert-1dense.yaml'));
      expect(problems.map(placeOf), JSON.stringify(problems, null, 1)).toEqual(places);
      for (const [index, problem] of problems.entries()) {
        expect(problem.file).toBe(join(folder, file));
        expect(problem.suggestion).toBe(typeof suggestion === 'object' ? suggestion[index] : suggestion);
        // A password is covered, letter by letter, so that the caret still stands below it.
        expect(problem.snippet).toBe(text.split('\n')[(problem.line ?? 0) - 1]?.replace('me:secret', '*********'));
        if (message !== undefined) expect(problem.message).toMatch(message);
      }
    },
  );
});

test.each([
  ['mode: max', 'training.best_model.mode'],
  ['mode: { base: x }', 'model'],
])('what stands below a key tells which one was meant: %s', (line, suggestion) => {
  const file = join(workspace({ 'x.yaml': `extends: bert-1dense.yaml\n${line}\n` }), 'x.yaml');
  expect(problemsOf(file)).toMatchObject([{ line: 2, column: 1, suggestion }]);
});
