import { epochMetrics, type EpochMetric } from '../metric-names.ts';
import { loss } from './loss.ts';
import { choice, flag, integer, kinds, list, nullable, number, object, pair, text, wordOr } from '../schema/schema.ts';

const monitor = (name: EpochMetric, usual = '') =>
  wordOr(epochMetrics.words, epochMetrics.pattern, {
    default: name,
    examples: ['val/roc_auc'],
    patternErrorMessage: 'a metric of the task after val/ or train/, such as val/loss',
    description: `The metric to watch after every epoch: val/ or train/ with a metric of the task.${usual}`,
  });

/** The schema has the default of classification. */
const OF_TASKS =
  ' Default of the other tasks: multi-label val/roc_auc, regression val/rmse or, with several columns, val/mcrmse, ordinal val/qwk.';

const mode = (name: 'min' | 'max') =>
  choice(['min', 'max'], {
    default: name,
    description: 'Whether smaller (min) or larger (max) values of the metric are better. It follows from the metric and can be left out.',
  });

const optimizer = kinds(
  {
    default: 'adam',
    examples: ['adamw'],
    description:
      'The rule that updates the parameters. adam adds L2 weight decay to the gradient as torch.optim.Adam does, adamw decouples ' +
      'it, sgd is gradient descent with optional momentum.',
  },
  {
    lr: number({ default: 5e-5, examples: [2e-5], exclusiveMinimum: 0, description: 'Learning rate.' }),
    weight_decay: number({
      default: 0,
      examples: [0.01],
      minimum: 0,
      description: 'Weight decay: added to the gradient as L2 for adam and sgd, decoupled from it for adamw.',
    }),
    betas: pair(number({ minimum: 0, exclusiveMaximum: 1, description: 'A decay rate.' }), {
      default: [0.9, 0.999],
      examples: [[0.9, 0.98]],
      description: 'Decay rates of the running means of the gradient and of its square.',
    }),
    eps: number({ default: 1e-8, examples: [1e-6], exclusiveMinimum: 0, description: 'Added to the denominator of the update.' }),
    momentum: number({
      default: 0,
      examples: [0.9],
      minimum: 0,
      exclusiveMaximum: 1,
      description: 'Share of the last update that the next one keeps.',
    }),
    nesterov: flag({ default: false, description: 'Use Nesterov momentum.' }),
    no_decay: list(text({ description: 'Part of a parameter name.' }), {
      default: [],
      examples: [['bias', 'LayerNorm']],
      description: 'Parameters whose name contains one of these texts get no weight decay.',
    }),
  },
  {
    adam: ['lr', 'weight_decay', 'betas', 'eps', 'no_decay'],
    adamw: ['lr', 'weight_decay', 'betas', 'eps', 'no_decay'],
    sgd: ['lr', 'weight_decay', 'momentum', 'nesterov', 'no_decay'],
  },
);

const schedule = kinds(
  {
    default: 'constant',
    examples: ['linear'],
    description: 'How the learning rate changes. reduce-on-plateau acts after every epoch; one-cycle, linear and cosine act at every step.',
  },
  {
    monitor: monitor('val/loss'),
    mode: mode('min'),
    patience: integer({ default: 5, examples: [2], minimum: 0, description: 'Epochs without improvement before the rate is reduced.' }),
    factor: number({
      default: 0.3,
      examples: [0.5],
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description: 'Each reduction multiplies the rate by this factor.',
    }),
    threshold: number({
      default: 1e-4,
      examples: [0.001],
      minimum: 0,
      exclusiveMaximum: 1,
      description: 'Smallest relative change that counts as improvement.',
    }),
    cooldown: integer({
      default: 0,
      examples: [1],
      minimum: 0,
      description: 'Epochs after a reduction that do not count towards patience.',
    }),
    min_lr: number({ default: 0, examples: [1e-7], minimum: 0, description: 'Lowest rate that a reduction may lead to.' }),
    max_lr: nullable(
      number({ examples: [1e-4], exclusiveMinimum: 0, description: "Highest rate of the cycle; null: the optimizer's rate." }),
    ),
    pct_start: number({
      default: 0.3,
      examples: [0.1],
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description: 'Share of all steps over which the rate rises.',
    }),
    div_factor: number({ default: 25, examples: [10], minimum: 1, description: 'The first rate is max_lr divided by this.' }),
    final_div_factor: number({
      default: 1e4,
      examples: [100],
      minimum: 1,
      description: 'The last rate is the first rate divided by this.',
    }),
    anneal: choice(['cos', 'linear'], { default: 'cos', description: 'Shape of the rise and the fall.' }),
    warmup: number({
      default: 0.1,
      examples: [0.06],
      minimum: 0,
      exclusiveMaximum: 1,
      description: 'Share of all steps over which the rate rises from 0.',
    }),
  },
  {
    constant: [],
    'reduce-on-plateau': ['monitor', 'mode', 'patience', 'factor', 'threshold', 'cooldown', 'min_lr'],
    'one-cycle': ['max_lr', 'pct_start', 'div_factor', 'final_div_factor', 'anneal'],
    linear: ['warmup'],
    cosine: ['warmup'],
  },
);

export const training = object('How the model is trained.', {
  loss,
  epochs: integer({ default: 10, examples: [3], minimum: 1, description: 'Largest number of passes over the training part.' }),
  batch_size: integer({ default: 32, examples: [16], minimum: 1, description: 'Rows per training step.' }),
  micro_batch: nullable(
    integer({
      examples: [8],
      minimum: 1,
      description:
        'Rows that go through the model at a time, at most batch_size. Fewer rows need less memory and train the same model, apart ' +
        'from rounding: the gradients of a batch are summed over its micro-batches before the update. null: the whole batch.',
    }),
  ),
  eval_batch_size: integer({
    default: 64,
    examples: [128],
    minimum: 1,
    description: 'Rows per batch in evaluation and prediction. It changes speed and memory only.',
  }),
  padding: choice(['longest', 'max'], {
    default: 'longest',
    description: 'Pad each batch to its longest row, or every batch to model.max_seq_length.',
  }),
  batching: choice(['length-buckets', 'shuffled'], {
    default: 'length-buckets',
    description: 'Batch rows of similar length, which needs less padding, or take them in random order.',
  }),
  precision: choice(['float32', 'tf32', 'float16', 'bfloat16', 'auto'], {
    default: 'float32',
    examples: ['bfloat16'],
    description:
      'Precision of matrix products; weights, optimizer state, norms, softmax and the loss stay in float32. tf32 is a mode of ' +
      'NVIDIA GPUs, and float32 elsewhere. float16 and bfloat16 multiply numbers of 16 bits and are the fastest on a GPU. auto is ' +
      'bfloat16 on an NVIDIA GPU that supports it, and float32 elsewhere.',
  }),
  optimizer,
  layer_decay: number({
    default: 1,
    examples: [0.9],
    exclusiveMinimum: 0,
    maximum: 1,
    description:
      'Lower layers learn more slowly: their rate is the rate times layer_decay to the power of their distance from the head. The top ' +
      'layer has distance 1, the lowest of n layers n, the embeddings n + 1; head and pooler have distance 0. 1: all have the same rate.',
  }),
  head_lr: nullable(
    number({
      examples: [0.001],
      exclusiveMinimum: 0,
      description:
        'Learning rate of head and pooler. Schedules and resets change it in the same proportion as training.optimizer.lr. null: as the ' +
        'rest.',
    }),
  ),
  ema: nullable(
    number({
      examples: [0.999],
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description:
        'Keep an exponential moving average of the weights over the steps, which begins at the first weights: average = ema × average + ' +
        '(1 − ema) × weights. It is evaluated after every epoch and saved, in place of the last weights. null: none.',
    }),
  ),
  seeds: nullable(
    list(integer({ minimum: 0, maximum: 2 ** 32 - 1, description: 'A seed.' }), {
      examples: [[1, 2, 3]],
      minItems: 1,
      description:
        'Train every fold once for each of these seeds and average the predictions: each model has its own weights of the head, dropout ' +
        "and order of the rows. The folds stay those of split.seed, or else of the experiment's seed. null: once, with that seed.",
    }),
  ),
  refit: flag({
    default: false,
    description:
      "Train one more model (with seeds, one for each) on all rows, for the rounded mean of the folds' best epochs, with a schedule over " +
      'that many. Nothing validates it: rules that watch validation metrics are off. It is saved in models/all/.',
  }),
  clip_norm: nullable(
    number({
      examples: [1],
      exclusiveMinimum: 0,
      description: 'Largest norm of all gradients together; a larger one is scaled down to it. null: no limit.',
    }),
  ),
  schedule,
  best_model: object('The epoch whose weights are kept.', { monitor: monitor('val/f1_macro', OF_TASKS), mode: mode('max') }),
  early_stopping: nullable(
    object('Stop training when a metric no longer improves; null: train all epochs.', {
      monitor: monitor('val/accuracy', OF_TASKS),
      mode: mode('max'),
      patience: integer({ default: 3, examples: [2], minimum: 1, description: 'Epochs without improvement before training stops.' }),
    }),
  ),
  lr_resets: nullable(
    object('Learning rates to restart with, one after the other, when patience has run out and the rate is low; null: none.', {
      values: list(number({ exclusiveMinimum: 0, description: 'A learning rate.' }), {
        examples: [[5e-5, 2e-5]],
        minItems: 1,
        description: 'The rates, in the order of their use.',
      }),
      below: number({ default: 1e-6, examples: [1e-5], exclusiveMinimum: 0, description: 'Restart once the rate has fallen below this.' }),
    }),
  ),
});
