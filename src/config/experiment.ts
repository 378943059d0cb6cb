import { epochMetrics } from './metric-names.ts';
import { choice, flag, integer, kinds, list, nullable, number, object, orAuto, pair, pathOr, text, type SchemaNode, type Value } from './schema.ts';

const monitor = (name: (typeof epochMetrics)[number]) =>
  choice(epochMetrics, { default: name, description: 'The metric to watch, after every epoch. f1 is that of the second of two classes, and is not measured for more; f1_macro is the mean over the classes, roc_auc for more than two the mean of each against the rest.' });

const mode = (name: 'min' | 'max') => choice(['min', 'max'], { default: name, description: 'Whether smaller (min) or larger (max) values are better.' });

const head = object('The dense layers on top of the encoder.', {
  dense: list(integer({ minimum: 1, maximum: 65536, description: 'Width of a hidden layer.' }), {
    default: [],
    maxItems: 16,
    description: 'Widths of hidden layers before the output: [] is one dense layer, [256, 32] is three.',
  }),
  dropout: number({ default: 0.1, minimum: 0, exclusiveMaximum: 1, description: 'Share of values dropped before each of the first two dense layers.' }),
  activation: choice(['none', 'relu', 'tanh', 'gelu'], { default: 'none', description: 'Function after each hidden layer.' }),
});

const optimizer = kinds(
  { default: 'adam', description: 'The rule that updates the parameters. adam has L2 decay as torch.optim.Adam, adamw decouples it, sgd is plain descent with optional momentum.' },
  {
    lr: number({ default: 5e-5, exclusiveMinimum: 0, description: 'Learning rate.' }),
    weight_decay: number({ default: 0, minimum: 0, description: 'Weight decay: added to the gradient as L2 for adam and sgd, decoupled from it for adamw.' }),
    betas: pair(number({ minimum: 0, exclusiveMaximum: 1, description: 'A decay rate.' }), {
      default: [0.9, 0.999],
      description: 'Decay rates of the running means of the gradient and of its square.',
    }),
    eps: number({ default: 1e-8, exclusiveMinimum: 0, description: 'Added to the denominator.' }),
    momentum: number({ default: 0, minimum: 0, exclusiveMaximum: 1, description: 'Share of the last update that is kept.' }),
    nesterov: flag({ default: false, description: 'Nesterov momentum.' }),
    no_decay: list(text({ description: 'Part of a parameter name.' }), {
      default: [],
      description: 'Parameters whose name holds one of these texts get no weight decay, for example [bias, LayerNorm].',
    }),
  },
  {
    adam: ['lr', 'weight_decay', 'betas', 'eps', 'no_decay'],
    adamw: ['lr', 'weight_decay', 'betas', 'eps', 'no_decay'],
    sgd: ['lr', 'weight_decay', 'momentum', 'nesterov', 'no_decay'],
  },
);

const schedule = kinds(
  { default: 'constant', description: 'How the learning rate changes. reduce-on-plateau acts after every epoch, one-cycle, linear and cosine at every step.' },
  {
    monitor: monitor('val/loss'),
    mode: mode('min'),
    patience: integer({ default: 5, minimum: 0, description: 'Epochs without improvement before the rate is reduced.' }),
    factor: number({ default: 0.3, exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'The rate is multiplied by this.' }),
    threshold: number({ default: 1e-4, minimum: 0, exclusiveMaximum: 1, description: 'Relative change that counts as improvement.' }),
    cooldown: integer({ default: 0, minimum: 0, description: 'Epochs to wait after a reduction before counting again.' }),
    min_lr: number({ default: 0, minimum: 0, description: 'The rate is not reduced below this.' }),
    max_lr: nullable(number({ exclusiveMinimum: 0, description: "The cycle's highest rate; null: the optimizer's rate." })),
    pct_start: number({ default: 0.3, exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Share of all steps over which the rate rises.' }),
    div_factor: number({ default: 25, minimum: 1, description: 'The first rate is max_lr divided by this.' }),
    final_div_factor: number({ default: 1e4, minimum: 1, description: 'The last rate is the first rate divided by this.' }),
    anneal: choice(['cos', 'linear'], { default: 'cos', description: 'Shape of the rise and the fall.' }),
    warmup: number({ default: 0.1, minimum: 0, exclusiveMaximum: 1, description: 'Share of all steps over which the rate rises from 0.' }),
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
  epochs: integer({ default: 10, minimum: 1, description: 'Passes over the training part, at most.' }),
  batch_size: integer({ default: 32, minimum: 1, description: 'Rows a training step.' }),
  eval_batch_size: integer({ default: 64, minimum: 1, description: 'Rows a batch in evaluation and prediction; changes speed and memory only.' }),
  padding: choice(['longest', 'max'], { default: 'longest', description: 'Pad each batch to its longest row, or all to model.max_seq_length.' }),
  batching: choice(['length-buckets', 'shuffled'], {
    default: 'length-buckets',
    description: 'Rows of similar length in a batch (less padding), or rows in plain random order.',
  }),
  precision: choice(['float32', 'tf32', 'float16', 'bfloat16', 'auto'], {
    default: 'float32',
    description:
      "What products of matrices are computed in; weights, the optimizer's numbers, norms, softmax and the loss stay in float32. tf32: a mode of NVIDIA's GPUs, float32 elsewhere. float16, bfloat16: factors of 16 bits, the fastest on a GPU. auto: bfloat16 on an NVIDIA GPU that has it, float32 elsewhere.",
  }),
  optimizer,
  clip_norm: nullable(number({ exclusiveMinimum: 0, description: 'Largest norm of all gradients together; null: no limit.' })),
  schedule,
  best_model: object('The epoch whose weights are kept.', { monitor: monitor('val/f1_macro'), mode: mode('max') }),
  early_stopping: nullable(
    object('Stop when a metric no longer improves; null: train all epochs.', {
      monitor: monitor('val/accuracy'),
      mode: mode('max'),
      patience: integer({ default: 3, minimum: 1, description: 'Epochs without improvement before training stops.' }),
    }),
  ),
  lr_resets: nullable(
    object('Rates to go on with, one after the other, when patience has run out and the rate is low; null: none.', {
      values: list(number({ exclusiveMinimum: 0, description: 'A learning rate.' }), { minItems: 1, description: 'The rates, used in this order.' }),
      below: number({ default: 1e-6, exclusiveMinimum: 0, description: 'A reset happens once the rate has fallen below this.' }),
    }),
  ),
});

const columnNames = (description: string) => nullable(list(text({ description: 'Name of a column.' }), { minItems: 1, description }));

/** What the object of any table may say; where it says nothing, `data` does. */
const ofTable = {
  id: nullable(text({ description: 'Column that identifies a row; null: the row number. Left out: data.id.' })),
  text: text({ description: 'Column with the text. Left out: data.text.' }),
  encoding: text({ description: 'Encoding of the file. Left out: data.encoding.' }),
  columns: columnNames('Names of the columns, where the table has no header; null: it has one. Left out: data.columns.'),
} as const;

/** The one definition of an experiment: types, defaults, help text and validation follow from it. */
export const experimentDefinition = object('An experiment: data in, a trained and evaluated text classifier out.', {
  name: text({
    maxLength: 100,
    pattern: '^(?!.*\\.\\.)[\\p{L}\\p{N}_][\\p{L}\\p{N}_.+=@,-]*(?<!\\.)$',
    patternErrorMessage: 'a folder name of letters, digits and . _ - + = @ , (at most 100, no ..)',
    description: "Names the run's folder. Not inherited through extends; the file's own name where it is left out.",
  }),
  pipeline: text({ default: 'text-classification', description: 'Which stages run: the name of a file in pipelines/, or a path to a YAML file.' }),
  seed: integer({ default: 42, minimum: 0, maximum: 2 ** 32 - 1, description: 'Fixes every random choice.' }),
  data: object('Tables as csv, tsv, txt (tab-separated), jsonl, ndjson, json or parquet, by the ending of the name, each also with .gz or .zip; paths are relative to the working directory.', {
    train: pathOr('Rows with known answers: a path, or an object with what differs from the rest of data.', { ...ofTable, target: text({ description: 'Column with the class. Left out: data.target.' }) }),
    test: nullable(pathOr('Rows to predict: a path, or an object with what differs from the rest of data; null: none.', ofTable)),
    sample_submission: nullable(
      pathOr('A table whose columns, order and types the submission takes: a path, or an object; null: write no submission.', {
        id: nullable(text({ description: 'Column that identifies a row. Left out or null: data.id or data.test.id, or the column that holds the ids of the rows to predict.' })),
        encoding: ofTable.encoding,
        columns: columnNames('Names of the columns, where the sample has no header; the submission then has none either. Left out or null: it has one.'),
      }),
    ),
    id: nullable(text({ description: 'Column that identifies a row; null: the row number.' })),
    text: text({ description: 'Column with the text.' }),
    target: text({ description: 'Column with the class.' }),
    encoding: text({ default: 'utf-8', description: 'Encoding of tables that are text: utf-8, utf-16, latin1 (which means windows-1252), shift_jis and others, as WHATWG or Python spell them.' }),
    columns: columnNames('Names of the columns of the training table and the table to predict, where they have no header; null: they have one.'),
    conflicts: choice(['keep', 'drop', 'majority'], {
      default: 'keep',
      description: 'Training rows with the same text and different classes: keep them, drop them all, or give all of them the class that most have (majority; a tie is dropped).',
    }),
    duplicates: choice(['keep', 'drop'], { default: 'keep', description: 'Training rows with the same text and the same class: keep them, or drop all but the first.' }),
  }),
  model: object('The pretrained encoder and the head on top of it.', {
    base: text({ description: 'A name on the Hugging Face hub, or a directory in its layout.' }),
    revision: text({ default: 'main', description: 'Branch, tag or commit of the hub repository.' }),
    weights: choice(['pretrained', 'random'], { default: 'pretrained', description: 'Start from the pretrained weights, or from random ones.' }),
    max_seq_length: integer({ default: 128, minimum: 3, description: 'Texts are cut to this many tokens, special tokens included.' }),
    resize_embeddings: flag({
      default: false,
      description: 'Give the model an embedding for each token that its tokenizer has beyond the vocabulary, such as those that somebody added: the mean of the others to begin with.',
    }),
    freeze_encoder: flag({ default: false, description: 'Train the head only; the encoder then runs once for each text.' }),
    head,
  }),
  split: object('How rows are divided into folds.', {
    strategy: choice(['stratified-kfold', 'kfold'], { default: 'stratified-kfold', description: 'Keep the shares of the classes equal in all folds, or not.' }),
    folds: integer({ default: 5, minimum: 2, description: 'Number of folds; one model is trained for each.' }),
    shuffle: flag({ default: true, description: 'Shuffle before dividing.' }),
    group_by: nullable(
      text({ description: 'Rows that stay in one fold: text for those with the same text, or the name of a column for those with the same value there; null: each row by itself.' }),
    ),
    seed: nullable(integer({ minimum: 0, maximum: 2 ** 32 - 1, description: "Seed of the shuffle; null: the experiment's seed." })),
    only: nullable(
      list(integer({ minimum: 0, description: 'Number of a fold, from 0.' }), {
        minItems: 1,
        description: 'Folds to train, for a first look at a long experiment; null: all. The others can follow later: nothing is trained twice.',
      }),
    ),
  }),
  training,
  resources: object('What the run may use.', {
    device: choice(['auto', 'cpu', 'cuda', 'webgpu'], { default: 'auto', description: 'Where the model runs.' }),
    threads: orAuto(integer({ minimum: 1, maximum: 1024, description: 'Threads of the CPU; auto: all.' })),
    parallel_folds: orAuto(
      integer({
        minimum: 1,
        maximum: 1024,
        description: 'Folds that are trained at a time, each in a process of its own and with an equal share of the threads, one at least; auto: as many as are faster on this machine.',
      }),
    ),
    checkpoint_seconds: number({
      default: 120,
      minimum: 0,
      description: 'Seconds of training between two checkpoints, from which an interrupted run goes on. Further apart where writing them would take over 2 % of the time; 0: one after every step.',
    }),
  }),
  tracking: object('What is recorded beside the run folder.', {
    log_every: integer({ default: 10, minimum: 1, description: 'Training steps between two entries of the journal.' }),
    mlflow: nullable(
      object('Send the run to an MLflow server; null: do not.', {
        uri: text({
          default: 'env',
          pattern: '^(env|https?://[^@\\s?#]+)$',
          patternErrorMessage:
            'env, for the variable MLFLOW_TRACKING_URI, or an http(s) address without user and password, and without parameters behind a ? or # (a database or a folder needs a server: "mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri <database or folder>", before it MLFLOW_ALLOW_FILE_STORE=true for a folder)',
          description: 'Address of the server; env: the variable MLFLOW_TRACKING_URI.',
        }),
        experiment: nullable(text({ description: 'Name of the experiment on the server; null: the variable MLFLOW_EXPERIMENT_NAME, else for a sweep or several experiments of one command the name of these, else the name of this experiment.' })),
        log_models: flag({ default: false, description: "Send the folds' models too." }),
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
      items: { type: 'string', minLength: 1, description: 'Path of a YAML file.' },
      description: 'Files to build on, relative to this one. Later ones override earlier ones, this file overrides all. Lists are replaced; where a layer changes the name of the schedule or optimizer, keys that the new one does not have go.',
    },
    ...experimentDefinition.properties,
  },
};
