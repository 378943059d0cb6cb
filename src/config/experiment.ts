import { epochMetrics } from './metric-names.ts';
import { choice, flag, integer, kinds, list, nullable, number, object, orAuto, pair, pathOr, text, type SchemaNode, type Value } from './schema.ts';

const monitor = (name: (typeof epochMetrics)[number]) =>
  choice(epochMetrics, { default: name, examples: ['val/roc_auc'], description: 'The metric to watch after every epoch. f1 is the score of the second of two classes and is not measured for more classes; f1_macro is the mean over the classes; roc_auc of more than two classes is the mean of each class against the rest.' });

const mode = (name: 'min' | 'max') => choice(['min', 'max'], { default: name, description: 'Whether smaller (min) or larger (max) values are better.' });

const head = object('The dense layers on top of the encoder.', {
  dense: list(integer({ minimum: 1, maximum: 65536, description: 'Width of a hidden layer.' }), {
    default: [],
    examples: [[256, 32]],
    maxItems: 16,
    description: 'Widths of the hidden layers before the output: [] is one dense layer, [256, 32] is three.',
  }),
  dropout: number({ default: 0.1, examples: [0.2], minimum: 0, exclusiveMaximum: 1, description: 'Share of values dropped before each of the first two dense layers.' }),
  activation: choice(['none', 'relu', 'tanh', 'gelu'], { default: 'none', examples: ['gelu'], description: 'Activation after each hidden layer.' }),
});

const optimizer = kinds(
  { default: 'adam', examples: ['adamw'], description: 'The rule that updates the parameters. adam adds L2 weight decay to the gradient as torch.optim.Adam does, adamw decouples it, sgd is gradient descent with optional momentum.' },
  {
    lr: number({ default: 5e-5, examples: [2e-5], exclusiveMinimum: 0, description: 'Learning rate.' }),
    weight_decay: number({ default: 0, examples: [0.01], minimum: 0, description: 'Weight decay: added to the gradient as L2 for adam and sgd, decoupled from it for adamw.' }),
    betas: pair(number({ minimum: 0, exclusiveMaximum: 1, description: 'A decay rate.' }), {
      default: [0.9, 0.999],
      examples: [[0.9, 0.98]],
      description: 'Decay rates of the running means of the gradient and of its square.',
    }),
    eps: number({ default: 1e-8, examples: [1e-6], exclusiveMinimum: 0, description: 'Added to the denominator of the update.' }),
    momentum: number({ default: 0, examples: [0.9], minimum: 0, exclusiveMaximum: 1, description: 'Share of the last update that the next one keeps.' }),
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
  { default: 'constant', examples: ['linear'], description: 'How the learning rate changes. reduce-on-plateau acts after every epoch; one-cycle, linear and cosine act at every step.' },
  {
    monitor: monitor('val/loss'),
    mode: mode('min'),
    patience: integer({ default: 5, examples: [2], minimum: 0, description: 'Epochs without improvement before the rate is reduced.' }),
    factor: number({ default: 0.3, examples: [0.5], exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Each reduction multiplies the rate by this factor.' }),
    threshold: number({ default: 1e-4, examples: [0.001], minimum: 0, exclusiveMaximum: 1, description: 'Smallest relative change that counts as improvement.' }),
    cooldown: integer({ default: 0, examples: [1], minimum: 0, description: 'Epochs after a reduction that do not count towards patience.' }),
    min_lr: number({ default: 0, examples: [1e-7], minimum: 0, description: 'Lowest rate that a reduction may lead to.' }),
    max_lr: nullable(number({ examples: [1e-4], exclusiveMinimum: 0, description: "Highest rate of the cycle; null: the optimizer's rate." })),
    pct_start: number({ default: 0.3, examples: [0.1], exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Share of all steps over which the rate rises.' }),
    div_factor: number({ default: 25, examples: [10], minimum: 1, description: 'The first rate is max_lr divided by this.' }),
    final_div_factor: number({ default: 1e4, examples: [100], minimum: 1, description: 'The last rate is the first rate divided by this.' }),
    anneal: choice(['cos', 'linear'], { default: 'cos', description: 'Shape of the rise and the fall.' }),
    warmup: number({ default: 0.1, examples: [0.06], minimum: 0, exclusiveMaximum: 1, description: 'Share of all steps over which the rate rises from 0.' }),
  },
  {
    constant: [],
    'reduce-on-plateau': ['monitor', 'mode', 'patience', 'factor', 'threshold', 'cooldown', 'min_lr'],
    'one-cycle': ['max_lr', 'pct_start', 'div_factor', 'final_div_factor', 'anneal'],
    linear: ['warmup'],
    cosine: ['warmup'],
  },
);

const training = object('How the model is trained.', {
  epochs: integer({ default: 10, examples: [3], minimum: 1, description: 'Largest number of passes over the training part.' }),
  batch_size: integer({ default: 32, examples: [16], minimum: 1, description: 'Rows per training step.' }),
  micro_batch: nullable(
    integer({
      examples: [8],
      minimum: 1,
      description:
        'Rows that go through the model at a time, at most batch_size. Fewer rows need less memory and train the same model, apart from rounding: the gradients of a batch are summed over its micro-batches before the update. null: the whole batch.',
    }),
  ),
  eval_batch_size: integer({ default: 64, examples: [128], minimum: 1, description: 'Rows per batch in evaluation and prediction. It changes speed and memory only.' }),
  padding: choice(['longest', 'max'], { default: 'longest', description: 'Pad each batch to its longest row, or every batch to model.max_seq_length.' }),
  batching: choice(['length-buckets', 'shuffled'], {
    default: 'length-buckets',
    description: 'Batch rows of similar length, which needs less padding, or take them in random order.',
  }),
  precision: choice(['float32', 'tf32', 'float16', 'bfloat16', 'auto'], {
    default: 'float32',
    examples: ['bfloat16'],
    description:
      "Precision of matrix products; weights, optimizer state, norms, softmax and the loss stay in float32. tf32 is a mode of NVIDIA GPUs, and float32 elsewhere. float16 and bfloat16 multiply numbers of 16 bits and are the fastest on a GPU. auto is bfloat16 on an NVIDIA GPU that supports it, and float32 elsewhere.",
  }),
  optimizer,
  clip_norm: nullable(number({ examples: [1], exclusiveMinimum: 0, description: 'Largest norm of all gradients together; larger ones are scaled down to it. null: no limit.' })),
  schedule,
  best_model: object('The epoch whose weights are kept.', { monitor: monitor('val/f1_macro'), mode: mode('max') }),
  early_stopping: nullable(
    object('Stop training when a metric no longer improves; null: train all epochs.', {
      monitor: monitor('val/accuracy'),
      mode: mode('max'),
      patience: integer({ default: 3, examples: [2], minimum: 1, description: 'Epochs without improvement before training stops.' }),
    }),
  ),
  lr_resets: nullable(
    object('Learning rates to restart with, one after the other, when patience has run out and the rate is low; null: none.', {
      values: list(number({ exclusiveMinimum: 0, description: 'A learning rate.' }), { examples: [[5e-5, 2e-5]], minItems: 1, description: 'The rates, in the order of their use.' }),
      below: number({ default: 1e-6, examples: [1e-5], exclusiveMinimum: 0, description: 'Restart once the rate has fallen below this.' }),
    }),
  ),
});

const columnNames = (description: string) => nullable(list(text({ description: 'Name of a column.' }), { examples: [['id', 'text', 'target']], minItems: 1, description }));

/** What the object of any table may say; where it says nothing, `data` does. */
const ofTable = {
  id: nullable(text({ examples: ['Id'], description: 'Column that identifies a row; null: the row number. Left out: data.id.' })),
  text: text({ examples: ['tweet'], description: 'Column with the text. Left out: data.text.' }),
  encoding: text({ examples: ['latin1'], description: 'Encoding of the file. Left out: data.encoding.' }),
  columns: columnNames('Names of the columns of a table without a header; null: it has one. Left out: data.columns.'),
} as const;

/** The one definition of an experiment: types, defaults, help text and validation follow from it. */
export const experimentDefinition = object('An experiment: data in, a trained and evaluated text classifier out.', {
  name: text({
    maxLength: 100,
    pattern: '^(?!.*\\.\\.)[\\p{L}\\p{N}_][\\p{L}\\p{N}_.+=@,-]*(?<!\\.)$',
    patternErrorMessage: 'a folder name of letters, digits and . _ - + = @ , (at most 100, no ..)',
    examples: ['bert-1dense'],
    description: "Name of the run and its folder. It is not inherited through extends; without it, the name of the file counts.",
  }),
  pipeline: text({ default: 'text-classification', examples: ['pipelines/mine.yaml'], description: 'The stages that run: the name of a file in pipelines/, or the path of a YAML file.' }),
  seed: integer({ default: 42, examples: [7], minimum: 0, maximum: 2 ** 32 - 1, description: 'Seed of every random choice: folds, weights, dropout, order of the rows.' }),
  data: object('The tables. The ending of the name says the format: csv, tsv, txt (tab-separated), jsonl, ndjson, json or parquet, each also with .gz or .zip. Paths are relative to the working directory.', {
    train: pathOr('The labelled rows to train on: a path, or an object with what differs from the rest of data.', {
      ...ofTable,
      target: text({ examples: ['label'], description: 'Column with the class. Left out: data.target.' }),
    }, 'data/train.csv'),
    test: nullable(pathOr('The rows to predict: a path, or an object with what differs from the rest of data; null: none.', ofTable, 'data/test.csv')),
    sample_submission: nullable(
      pathOr('A table from which the submission takes its columns, their order and their types: a path, or an object; null: no submission is written.', {
        id: nullable(
          text({
            examples: ['Id'],
            description: 'Column that identifies a row. Left out or null: data.id or data.test.id, or the column that holds the ids of the rows to predict.',
          }),
        ),
        encoding: ofTable.encoding,
        columns: columnNames('Names of the columns of a sample without a header; the submission then has none either. Left out or null: it has one.'),
      }, 'data/sample_submission.csv'),
    ),
    id: nullable(text({ examples: ['id'], description: 'Column that identifies a row; null: the row number.' })),
    text: text({ examples: ['text'], description: 'Column with the text.' }),
    target: text({ examples: ['target'], description: 'Column with the class.' }),
    encoding: text({
      default: 'utf-8',
      examples: ['latin1'],
      description: 'Encoding of csv, tsv, txt and JSON tables: utf-8, utf-16, latin1 (which means windows-1252), shift_jis and others, as WHATWG or Python spell them.',
    }),
    columns: columnNames('Names of the columns of a training table and a table to predict without headers; null: they have headers.'),
    conflicts: choice(['keep', 'drop', 'majority'], {
      default: 'keep',
      examples: ['majority'],
      description: 'Training rows with the same text and different classes: keep them, drop them all, or give each the class that most of them have (majority; a tie is dropped).',
    }),
    duplicates: choice(['keep', 'drop'], { default: 'keep', description: 'Training rows with the same text and the same class: keep them, or drop all but the first.' }),
  }),
  model: object('The pretrained encoder and the head on top of it.', {
    base: text({ examples: ['bert-base-uncased'], description: 'Name of a model on the Hugging Face hub, or a directory in its layout.' }),
    revision: text({ default: 'main', examples: ['v1.0'], description: 'Branch, tag or commit of the hub repository.' }),
    weights: choice(['pretrained', 'random'], { default: 'pretrained', description: 'Start from the pretrained weights, or from random ones.' }),
    max_seq_length: integer({ default: 128, examples: [256], minimum: 3, description: 'Longer texts are cut to this many tokens, special tokens included.' }),
    resize_embeddings: flag({
      default: false,
      description: 'Give the model an embedding for each token that its tokenizer has beyond the vocabulary, such as added tokens. It starts as the mean of the others.',
    }),
    freeze_encoder: flag({ default: false, description: 'Train the head only. The encoder then runs once for each text.' }),
    head,
  }),
  split: object('How rows are divided into folds.', {
    strategy: choice(['stratified-kfold', 'kfold'], { default: 'stratified-kfold', description: 'stratified-kfold keeps the shares of the classes equal in all folds; kfold does not.' }),
    folds: integer({ default: 5, examples: [10], minimum: 2, description: 'Number of folds. One model is trained for each.' }),
    shuffle: flag({ default: true, description: 'Shuffle the rows before dividing them.' }),
    group_by: nullable(
      text({
        examples: ['text'],
        description: 'Rows that stay in one fold: text for rows with the same text, or the name of a column for rows with the same value there; null: each row by itself.',
      }),
    ),
    seed: nullable(integer({ examples: [7], minimum: 0, maximum: 2 ** 32 - 1, description: "Seed of the shuffle; null: the experiment's seed." })),
    only: nullable(
      list(integer({ minimum: 0, description: 'Number of a fold, from 0.' }), {
        examples: [[0]],
        minItems: 1,
        description: 'Folds to train, for a first look at a long experiment; null: all. The others can follow later, and nothing is trained twice.',
      }),
    ),
  }),
  training,
  resources: object('What the run may use.', {
    device: choice(['auto', 'cpu', 'cuda', 'webgpu'], { default: 'auto', description: 'The device that computes; auto: the best that works.' }),
    threads: orAuto(integer({ examples: [4], minimum: 1, maximum: 1024, description: 'Number of CPU threads; auto: all.' })),
    parallel_folds: orAuto(
      integer({
        examples: [2],
        minimum: 1,
        maximum: 1024,
        description: 'Number of folds that train at the same time, each in its own process with an equal share of the threads, at least one; auto: as many as are faster on this machine.',
      }),
    ),
    checkpoint_seconds: number({
      default: 120,
      examples: [600],
      minimum: 0,
      description: 'Seconds of training between two checkpoints, from which an interrupted run resumes. They are further apart where writing them would take more than 2 % of the time; 0: one after every step.',
    }),
  }),
  tracking: object('What is recorded beside the run folder.', {
    log_every: integer({ default: 10, examples: [50], minimum: 1, description: 'Training steps between two entries of the journal.' }),
    mlflow: nullable(
      object('Send the run to an MLflow server; null: do not.', {
        uri: text({
          default: 'env',
          pattern: '^(env|https?://[^@\\s?#]+)$',
          patternErrorMessage:
            'env, for the variable MLFLOW_TRACKING_URI, or an http(s) address without user and password, and without parameters behind a ? or # (a database or a folder needs a server: "mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri <database or folder>", before it MLFLOW_ALLOW_FILE_STORE=true for a folder)',
          examples: ['http://127.0.0.1:5000'],
          description: 'Address of the server; env: the variable MLFLOW_TRACKING_URI.',
        }),
        experiment: nullable(
          text({
            examples: ['tweets'],
            description: 'Name of the experiment on the server; null: the variable MLFLOW_EXPERIMENT_NAME, else the common name of a sweep or of several experiments of one command, else the name of this experiment.',
          }),
        ),
        log_models: flag({ default: false, description: 'Also send the models of the folds.' }),
      }),
    ),
  }),
});

/** A complete experiment: everything filled in. */
export type Experiment = Value<typeof experimentDefinition>;

/** What one YAML file may hold: any part of an experiment, and the layers it builds on. */
export const layerSchema: SchemaNode = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'ortrain experiment',
  ...(experimentDefinition as SchemaNode),
  properties: {
    extends: {
      type: ['string', 'array'],
      minLength: 1,
      examples: ['base/disaster-tweets.yaml'],
      items: { type: 'string', minLength: 1, description: 'Path of a YAML file.' },
      description: 'Files to build on, relative to this one. Later ones override earlier ones, and this file overrides all. Lists are replaced as a whole. Where a layer changes the name of the schedule or the optimizer, keys that the new one does not have are dropped.',
    },
    ...experimentDefinition.properties,
  },
};
