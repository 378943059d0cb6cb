import { distance } from 'fastest-levenshtein';
import { dotted, keysOf, kindsWith, pathsOf, schemaAt, typesOf, type Path, type SchemaNode } from './schema.ts';
import { plain, subtree, type MapTree, type Tree } from '../yaml/tree.ts';

/** Where a key that the schema does not know was probably meant to stand, likeliest first; several where they are equally likely. */
export function likelyPaths(schema: SchemaNode, tree: MapTree, above: Path, key: string): readonly Path[] {
  const parent = subtree(tree, above);
  const value = subtree(tree, [...above, key]);
  if (parent?.kind !== 'map' || value === undefined || key.length > LONGEST_NAME) return [];
  const foreign = FOREIGN_NAMES.get(canonical(key));
  const parentSchema = schemaAt(schema, above);
  const known = parentSchema === undefined ? [] : keysOf(parentSchema, nameOf(parent));
  const candidates = [
    ...known.map((sibling) => {
      const path = [...above, sibling];
      const cost = likeness(key, sibling, dotted(path) === foreign) + (parent.entries.has(sibling) ? PRESENT : 0);
      return { path, cost: cost + misfit(schemaAt(schema, path), value) };
    }),
    ...pathsOf(schema)
      .filter((path) => dotted(path.slice(0, -1)) !== dotted(above))
      .map((path) => {
        const unlike = likeness(key, path.at(-1) ?? '', dotted(path) === foreign);
        const ofOneKind = kindsWith(schemaAt(schema, path.slice(0, -1)) ?? schema, path.at(-1) ?? '').length > 0 ? 0.01 : 0;
        return {
          path,
          cost: ELSEWHERE + 1.5 * unlike + 0.02 * hops(above, path.slice(0, -1)) + ofOneKind + misfit(schemaAt(schema, path), value),
        };
      }),
  ]
    .filter(({ cost }) => cost < FAR)
    .sort((a, b) => a.cost - b.cost);
  const best = candidates[0];
  if (best === undefined) return [];
  return candidates.filter(({ cost }) => cost < best.cost + 0.015).map(({ path }) => path);
}

/** The candidate nearest to a word, if one is near; `val_loss` finds `val/loss`, `stratified` finds `stratified-kfold`. */
export function likelyWord(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST_NAME) return undefined;
  const [best] = candidates.map((candidate) => ({ candidate, cost: likeness(word, candidate, false) })).sort((a, b) => a.cost - b.cost);
  return best !== undefined && best.cost < FAR ? best.candidate : undefined;
}

/** Nobody meant a key by more letters than this, and comparing them takes time. */
const LONGEST_NAME = 100;

/** Costs are comparable sums: 0 is the same name in the same place, from FAR on nothing is suggested. */
const FAR = 0.7;
const ELSEWHERE = 0.2;
const PRESENT = 0.15;
const WRONG_KIND = 0.3;

/** 0 for equal names, up to 0.5 for near ones, 1 for others. */
function likeness(written: string, candidate: string, isForeignName: boolean): number {
  const [a, b] = [canonical(written), canonical(candidate)];
  if (a === b) return 0;
  if (isForeignName) return 0.02;
  const edits = isOneSwap(a, b) ? 1 : distance(a, b);
  const allowed = a.length <= 3 ? 1 : Math.max(2, Math.floor(a.length / 3));
  const byLetters = edits <= allowed && edits < b.length ? Math.min(0.5, edits / Math.max(a.length, b.length)) : 1;
  const [inA, inB] = [a.split('_'), b.split('_')];
  const nested = inA.every((word) => inB.includes(word)) || inB.every((word) => inA.includes(word));
  const shortened = inA.length === inB.length && inA.every((word, index) => word.length >= 3 && inB[index]?.startsWith(word) === true);
  if (shortened) return Math.min(byLetters, 0.1);
  return nested ? Math.min(byLetters, 0.25 + 0.05 * Math.abs(inA.length - inB.length)) : byLetters;
}

/** `batchSize`, `batch-size` and `Batch Size` are all `batch_size`. */
function canonical(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .join('_');
}

/** Whether two neighbouring letters changed places. */
function isOneSwap(a: string, b: string): boolean {
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  return at >= 0 && a.length === b.length && a.slice(0, at) + a.charAt(at + 1) + a.charAt(at) + a.slice(at + 2) === b;
}

function misfit(schema: SchemaNode | undefined, value: Tree): number {
  if (schema === undefined || (value.kind === 'scalar' && value.value === null)) return 0;
  const types = typesOf(schema);
  const fits =
    value.kind === 'map'
      ? types.includes('object')
      : value.kind === 'list'
        ? types.includes('array')
        : types.some((type) => type !== 'object' && type !== 'array');
  return fits ? 0 : WRONG_KIND;
}

/** Steps up and down the tree from one object to another. */
function hops(from: Path, to: Path): number {
  const shared = from.findIndex((key, index) => key !== to[index]);
  const common = shared === -1 ? Math.min(from.length, to.length) : shared;
  return from.length + to.length - 2 * common;
}

function nameOf(tree: MapTree): unknown {
  const name = tree.entries.get('name')?.value;
  return name === undefined ? undefined : plain(name);
}

/** Names that other trainers use for the same thing. */
const FOREIGN_NAMES: ReadonlyMap<string, string> = new Map(Object.entries({
  learning_rate: 'training.optimizer.lr',
  rate: 'training.optimizer.lr',
  wd: 'training.optimizer.weight_decay',
  l2: 'training.optimizer.weight_decay',
  epsilon: 'training.optimizer.eps',
  optim: 'training.optimizer',
  scheduler: 'training.schedule',
  lr_scheduler: 'training.schedule',
  lr_schedule: 'training.schedule',
  lr_scheduler_type: 'training.schedule.name',
  warmup_ratio: 'training.schedule.warmup',
  num_epochs: 'training.epochs',
  n_epochs: 'training.epochs',
  max_epochs: 'training.epochs',
  num_train_epochs: 'training.epochs',
  train_batch_size: 'training.batch_size',
  per_device_train_batch_size: 'training.batch_size',
  per_device_eval_batch_size: 'training.eval_batch_size',
  micro_batch_size: 'training.micro_batch',
  max_grad_norm: 'training.clip_norm',
  grad_clip: 'training.clip_norm',
  gradient_clip_val: 'training.clip_norm',
  metric_for_best_model: 'training.best_model.monitor',
  n_splits: 'split.folds',
  num_folds: 'split.folds',
  n_folds: 'split.folds',
  k_folds: 'split.folds',
  k: 'split.folds',
  random_state: 'seed',
  random_seed: 'seed',
  max_length: 'model.max_seq_length',
  max_len: 'model.max_seq_length',
  max_seq_len: 'model.max_seq_length',
  model_name: 'model.base',
  model_name_or_path: 'model.base',
  pretrained: 'model.base',
  encoder: 'model.base',
  freeze: 'model.freeze_encoder',
  freeze_bert: 'model.freeze_encoder',
  freeze_base: 'model.freeze_encoder',
  hidden_layers: 'model.head.dense',
  hidden_sizes: 'model.head.dense',
  units: 'model.head.dense',
  dropout_rate: 'model.head.dropout',
  hidden_dropout_prob: 'model.head.dropout',
  problem_type: 'task.name',
  task_type: 'task.name',
  task_name: 'task.name',
  objective: 'task.name',
  classes: 'task.grades',
  n_bins: 'split.bins',
  num_bins: 'split.bins',
  na_values: 'data.missing',
  label_sep: 'data.label_separator',
  sample_weight: 'data.weight',
  sample_weights: 'data.weight',
  row_weight: 'data.weight',
  row_weights: 'data.weight',
  weight_column: 'data.weight',
  targets: 'data.target',
  labels: 'data.target',
  label_columns: 'data.target',
  target_columns: 'data.target',
  label: 'data.target',
  label_column: 'data.target',
  target_column: 'data.target',
  text_column: 'data.text',
  id_column: 'data.id',
  train_file: 'data.train',
  test_file: 'data.test',
  num_threads: 'resources.threads',
  num_workers: 'resources.threads',
  loss_function: 'training.loss.name',
  loss_fn: 'training.loss.name',
  criterion: 'training.loss.name',
  class_weight: 'training.loss.class_weights',
  scale_pos_weight: 'training.loss.pos_weight',
  label_smoothing_factor: 'training.loss.label_smoothing',
  gamma: 'training.loss.focal_gamma',
  alpha: 'training.loss.focal_alpha',
  logging_steps: 'tracking.log_every',
  tracking_uri: 'tracking.mlflow.uri',
}));
