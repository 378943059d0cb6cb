import { modeOf, usualOf } from '../../config/index.ts';

/** What a starter configuration needs to know; its other values are good for a first try. */
export interface StarterFacts {
  readonly name: string;
  readonly train: string;
  readonly test: string | null;
  readonly sample: string | null;
  readonly id: string | null;
  readonly text: string;
  /** Another column of texts, which could be read with it; null where there is none. */
  readonly otherText: string | null;
  /** Whether the names of both say that they are a pair. */
  readonly isPair: boolean;
  readonly targets: readonly string[];
  readonly task: 'classification' | 'multi-label' | 'regression';
  /** Whether the classes are numbers, which could be grades. */
  readonly mayBeGrades: boolean;
  /** Names for a table without a header. */
  readonly columns: readonly string[] | null;
  readonly encoding: string;
  /** A model's name on the hub, or its directory. */
  readonly base: string;
  /** `mean` where the model's pooler was never trained. */
  readonly pooling: 'default' | 'mean';
  readonly tokens: number;
  /** Where the JSON Schema of configurations lies, as an editor finds it from the written file. */
  readonly schema: string;
}

/** A commented configuration, ready to run. */
export function starter(facts: StarterFacts): string {
  const { name, train, test, sample, id, targets, task, columns, encoding, base, pooling, tokens, schema } = facts;
  const { best, stopping, strategy } = usualOf(task, targets.length);
  return `# yaml-language-server: $schema=${schema}
# Try it: pipeline check, then pipeline plan, then pipeline run, each with this file.
# Every key with its meaning is in docs/configuration.md and in pipeline schema.
# Override any key on the command line: --set training.epochs=1
name: ${scalar(name)}
seed: 42 # of folds, weights, dropout and the order of the rows
${task === 'classification' ? (facts.mayBeGrades ? GRADES : '') : `task: { name: ${task} } # ${TASKS[task]}\n`}
data: # csv, tsv, jsonl, json or parquet, also compressed; paths are relative to the working directory
  train: ${scalar(train)}
  test: ${scalar(test)} # rows to predict; null: none
  sample_submission: ${scalar(sample)} # the submission takes its columns, order and types from this table; null: no submission
  id: ${scalar(id)} # null: the row number
  text: ${texts(facts)}
  target: ${targets.length === 1 ? scalar(targets[0] ?? '') : `[${targets.map(scalar).join(', ')}]`}
${columns === null ? '' : `  columns: [${columns.map(scalar).join(', ')}] # the tables have no header; null: they have ` +
  `one\n`}${encoding === 'utf-8' ? '' : `  encoding: ${scalar(encoding)}\n`}
model:
  base: ${scalar(base)} # a model on the Hugging Face hub, or a directory in its layout
  max_seq_length: ${tokens} # longer texts are cut
  pooling: ${pooling} # ${POOLINGS[pooling]}
  freeze_encoder: false # true trains the head only: many times faster, and somewhat worse
  head:
    dense: [] # hidden widths before the output: [256, 32] makes three dense layers
    dropout: 0.1

split: { strategy: ${strategy}, folds: 5 } # one model per fold; predictions are their mean

training:
  epochs: 3
  batch_size: 32
  optimizer: { name: adamw, lr: 0.00005, weight_decay: 0.01 }
  schedule: { name: linear, warmup: 0.1 } # the rate rises over a tenth of the steps, then falls to 0
  clip_norm: 1.0 # largest norm of all gradients together
  best_model: { monitor: ${best}, mode: ${modeOf(best)} } # the epoch whose weights are kept
  early_stopping: null # { monitor: ${stopping}, mode: ${modeOf(stopping)}, patience: 3 } stops when the metric no longer improves
`;
}

const GRADES = '# task: { name: ordinal } # if the classes are grades in order, as of essays; then leave out best_model\n';

const TASKS = {
  'multi-label': 'each target column says whether a text has a label',
  regression: 'a number for each text and target column',
} as const;

/** A column as data.text names it. */
function segment(column: string): string {
  return column.replace(/[{}]/g, '$&$&');
}

/** A column, or two that are a pair; beside the one, that there is another one. */
function texts({ text: first, otherText: second, isPair }: StarterFacts): string {
  const [one, other] = [first, second ?? ''].map((column) => scalar(segment(column)));
  if (second === null) return one ?? '';
  const pair = `[${one}, ${other}]`;
  return isPair ? `${pair} # a pair of texts, read together` : `${one} # ${scalar(second)} has texts, too: ${pair} makes pairs of both`;
}

const POOLINGS = {
  default: "what the model's own classifier reads; mean is better where its pooler was never trained, as in MiniLM and RoBERTa",
  mean: "of all tokens: the model's pooler was never trained",
} as const;

/** Plain where YAML cannot take it for anything else, otherwise in quotes. */
function scalar(value: string | null): string {
  if (value === null) return 'null';
  const isPlain = /^[A-Za-z_.][\w./-]*$/.test(value) && !/^(null|true|false|yes|no|on|off|y|n|\.nan|\.inf)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}
