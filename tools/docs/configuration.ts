import { stringify } from 'yaml';
import { expected } from '../../src/config/schema/expectation.ts';
import { layerSchema } from '../../src/config/experiment.ts';
import { pipelineDefinition } from '../../src/config/pipeline-definition.ts';
import { isPathOr, kindsWith, typesOf, type Json, type SchemaNode } from '../../src/config/schema/schema.ts';
import { sweepDefinition, sweepSchema } from '../../src/config/sweep/schema.ts';
import { metricsOf, modeOf } from '../../src/config/metric-names.ts';
import { taskNames } from '../../src/config/task-names.ts';
import { anchor, block, code, GENERATED, markdownTable } from './markdown.ts';

/** docs/configuration.md: every key of the files that a person writes. */
export function configurationPage(): string {
  const parts = sectionsOf('', layerSchema).slice(1);
  return `${[
    '# Configuration',
    GENERATED,
    'An experiment is one YAML file. This page lists every key with its type, default, meaning and an example. `pipeline schema` prints the same as a JSON Schema for editors, `pipeline check` finds what is wrong in a file, and a finished run keeps its complete configuration, all defaults written out, in its folder as `config.yaml`.',
    block('yaml', EXAMPLE),
    'Any key can be overridden on the command line: `--set training.epochs=3`. Unknown keys are refused. Keys marked _required_ must come from some layer: the file itself, a file that it extends, or `--set`.',
    `Sections: ${[...parts.map(({ heading }) => heading), ...OTHER_FILES].map((heading) => `[${heading}](${anchor(heading)})`).join(' · ')}`,
    '## The file as a whole',
    keyTable('', layerSchema),
    ...parts.flatMap(sectionText),
    '## Metrics',
    METRICS,
    metricTable(),
    '## Sweeps',
    'A sweep is a file of its own: one configuration, and values to try in it. `pipeline sweep` runs it.',
    block('yaml', SWEEP),
    keyTable('sweep', sweepDefinition),
    `${sweepSchema.properties?.['parameters']?.description} \`parameters\` is required. A range has \`min\`, \`max\` and \`scale\`, \`linear\` (the default) or \`log\`, in which every order of magnitude is equally likely. Every key above can be swept except \`name\`.`,
    '### sweep.launch',
    `${sweepDefinition.properties?.['launch']?.description} \`--launch\` and \`--workers\` of \`pipeline sweep\` override it.`,
    keyTable('sweep.launch', sweepDefinition.properties?.['launch'] as SchemaNode),
    '## Pipelines',
    'A pipeline says which stages run, in order. `text-classification` is the one that the package brings.',
    keyTable('pipeline', pipelineDefinition),
    keyTable('stages[]', pipelineDefinition.properties?.['stages']?.items as SchemaNode),
  ].join('\n\n')}\n`;
}

const OTHER_FILES = ['Metrics', 'Sweeps', 'Pipelines'];

const METRICS =
  'Each task has metrics of its own. After every epoch they are `val/<metric>` and `train/<metric>`, which `training.best_model.monitor` and the other monitors can name; of a run they are `oof/<metric>` and `cv/<metric>/mean`, which can rank a sweep. Whether smaller or larger values are better is known, so `mode` can be left out. Metrics with a k in their name exist for every k, as in `map_at_3`.';

function metricTable(): string {
  return markdownTable(
    ['task', 'larger is better', 'smaller is better'],
    taskNames.map((task) => {
      const of = (mode: 'min' | 'max'): string => metricsOf(task).filter((name) => modeOf(name) === mode).map(code).join(', ');
      return [code(task), of('max'), of('min')];
    }),
  );
}

const EXAMPLE = `name: tweets
data: { train: data/train.csv, test: data/test.csv, id: id, text: text, target: target }
model: { base: bert-base-uncased, max_seq_length: 96 }
split: { folds: 5 }
training:
  epochs: 3
  optimizer: { name: adamw, lr: 0.00002, weight_decay: 0.01 }
  schedule: { name: linear }`;

const SWEEP = `base: ../quickstart.yaml
metric: oof/f1_macro
parameters:
  model.head.dense: [[], [64]]
  training.optimizer.lr: [0.001, 0.0005]`;

interface Section {
  /** The path of its object; \`\` for the whole. */
  readonly heading: string;
  readonly schema: SchemaNode;
}

/** The objects of a schema, each before those in it. */
function sectionsOf(heading: string, schema: SchemaNode): readonly Section[] {
  const below = Object.entries(schema.properties ?? {}).filter(([, { properties }]) => properties !== undefined);
  return [{ heading, schema }, ...below.flatMap(([key, child]) => sectionsOf(join(heading, key), child))];
}

function sectionText({ heading, schema }: Section): readonly string[] {
  const level = '#'.repeat(heading.split('.').length + 1);
  const about = isPathOr(schema) ? `${schema.description} The object has these keys:` : (schema.description ?? '');
  return [`${level} ${heading}`, about, keyTable(heading, schema)];
}

/** What holds without the keys whose default is no value. */
const ABSENT: ReadonlyMap<string, string> = new Map([
  ['extends', 'none'],
  ['name', 'name of the file'],
]);

/** A row a key. Objects are named here and have a section of their own. */
function keyTable(path: string, schema: SchemaNode): string {
  const rows = Object.entries(schema.properties ?? {}).map(([key, child]) => {
    const whole = join(path, key);
    const isSection = child.properties !== undefined && !isPathOr(child);
    const kinds = key === 'name' ? [] : kindsWith(schema, key);
    const meaning = child.description ?? '';
    const only = kinds.length === 0 || kinds.length === schema.allOf?.length ? '' : ` Only for ${kinds.map(code).join(', ')}.`;
    return [
      child.properties === undefined ? code(key) : `[${code(key)}](${anchor(whole)})`,
      typeText(child),
      isSection && child.default === undefined ? '' : (ABSENT.get(whole) ?? (isPathOr(schema) && key !== 'path' ? '' : defaultText(child))),
      `${meaning}${only}`,
      isSection ? '' : exampleText(child),
    ];
  });
  return markdownTable(['key', 'type', 'default', 'meaning', 'example'], rows);
}

function typeText(schema: SchemaNode): string {
  const orNull = typesOf(schema).includes('null') ? ', or `null`' : '';
  const words = (schema.enum ?? []).filter((word) => word !== null);
  if (words.length > 0) return `${wordsText(words)}${orNull}`;
  if (isPathOr(schema)) return `a path, or an object${orNull}`;
  if (schema.properties !== undefined) return `an object${orNull}`;
  const { patternErrorMessage: _, ...plain } = schema;
  // A pattern may take a paragraph to describe; what it asks for stands in the meaning, and in the error.
  return expected(typesOf(schema).includes('integer') ? schema : plain)
    .replace(/\bnull$/, '`null`')
    .replace(/\bauto\b/, '`auto`');
}

/** The words themselves; many that are made alike, as metrics are, by their pattern: `val/<metric>` and the names that it stands for. */
function wordsText(words: readonly string[]): string {
  const parts = words.map((word) => word.split('/'));
  const metrics = [...new Set(parts.map(([, metric]) => metric ?? ''))];
  const patterns = [...new Set(parts.map(([part, , ...rest]) => [part, '<metric>', ...rest].join('/')))];
  const isMadeAlike =
    words.length > MOST_WORDS && parts.every(({ length }) => length > 1) && words.length === metrics.length * patterns.length;
  if (!isMadeAlike) return words.map(code).join(', ');
  return `${patterns.map(code).join(' or ')}, where \`<metric>\` is ${metrics.map(code).join(', ')}`;
}

/** More would make a table hard to read. */
const MOST_WORDS = 8;

function defaultText({ default: usual }: SchemaNode): string {
  return usual === undefined ? '_required_' : code(flow(usual));
}

/** One that was chosen, else another value than the default. */
export function exampleOf(schema: SchemaNode): Json | undefined {
  const { examples, default: usual } = schema;
  if (examples?.[0] !== undefined) return examples[0];
  if (typesOf(schema).includes('boolean')) return usual !== true;
  return (schema.enum ?? []).find((word) => word !== null && word !== usual);
}

function exampleText(schema: SchemaNode): string {
  const example = exampleOf(schema);
  return example === undefined ? '' : code(flow(example));
}

/** As it stands in YAML, on one line. */
function flow(value: Json): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim();
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
