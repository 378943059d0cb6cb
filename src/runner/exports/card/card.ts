import { stringify } from 'yaml';
import { headlinesOf } from '../../../config/index.ts';
import { modelIdOf } from '../../../core/model-name.ts';
import { bytes, metric, plural } from '../../../core/text.ts';
import type { CardFacts, MeasuredOn } from './facts.ts';
import { code, listed, markdownTable, shown } from './markdown.ts';
import { usage } from './usage.ts';

/** The model card of an export, as the hub shows it: YAML with what the hub reads, and a page in Markdown. */
export function modelCard(facts: CardFacts): string {
  const sections = [
    `# ${shown(facts.name)}`,
    introduction(facts),
    ...facts.measured.map((measured) => figures(measured, facts)),
    precisions(facts),
    data(facts),
    training(facts),
    limits(facts),
    `## How to use it\n\n${usage(facts)}`,
  ];
  return `---\n${stringify(frontMatter(facts))}---\n\n${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** Keys that the hub knows: https://huggingface.co/docs/hub/model-cards#model-card-metadata */
function frontMatter({ name, format, base, exported, measured, tables }: CardFacts): object {
  const results = measured.map(({ on, metrics }) => {
    const table = tables.find(({ use }) => use === (on === 'test' ? 'test' : 'training'))?.name ?? 'training table';
    return {
      task: { type: 'text-classification' },
      dataset: { name: table, type: 'private', split: on === 'test' ? 'test' : 'train' },
      metrics: Object.entries(metrics).flatMap(([metricName, { value }]) =>
        Number.isFinite(value) ? [{ type: metricName, value, name: `${metricName}, ${on}` }] : [],
      ),
    };
  });
  return {
    ...(base === null ? {} : { base_model: base }),
    library_name: format === 'onnx' ? 'transformers.js' : 'transformers',
    pipeline_tag: 'text-classification',
    tags: ['text-classification', 'ortrain', ...(format === 'onnx' ? ['onnx'] : []), ...(exported.models.length > 1 ? ['ensemble'] : [])],
    'model-index': [{ name, results }],
  };
}

function introduction({ task, exported: { what, models, predictedBy }, experiment, base }: CardFacts): string {
  const { name } = experiment.task;
  const names = listed(task.names);
  const says = {
    classification: `It tells texts of ${task.names.length} classes apart: ${names}.`,
    'multi-label': `It says which of these labels a text has: ${names}.`,
    regression: `It predicts ${task.names.length === 1 ? 'a number' : 'numbers'} for a text: ${names}.`,
    ordinal: `It grades texts: ${names}, the lowest first.`,
  }[name];
  const made =
    models.length === 1
      ? `This is one model, ${code(models[0]!)} of the run` +
        (predictedBy.join() === models.join() ? '.' : `. The run itself predicts with ${listed(predictedBy)}, so its answers differ.`)
      : `It is the mean of ${models.length} models in one graph` +
        `${what === 'ensemble' && foldsOf(models) === models.length ? ', each trained on other rows' : ''}: ${listed(models)}.`;
  const from = base === null ? '' : ` Fine-tuned from ${code(base)}.`;
  return `A text classifier, trained by [ortrain](https://www.npmjs.com/package/ortrain). ${says}${from}\n\n${made}`;
}

function figures({ on, rows, metrics, baseline }: MeasuredOn, { exported: { what, models } }: CardFacts): string {
  const hasBaseline = Object.keys(baseline).length > 0;
  const lines = Object.entries(metrics).map(([name, { value, interval }]) => [
    code(name),
    metric(value),
    interval === null ? '–' : `${metric(interval.low)} to ${metric(interval.high)}`,
    ...(hasBaseline ? [metric(baseline[name])] : []),
  ]);
  const how =
    on === 'test'
      ? `Measured on ${plural(rows, 'row')} of the test table, which no model was trained on, by what the run predicts with.`
      : `Measured on ${plural(rows, 'validation row')}, each by a model that was not trained on it. ` +
        {
          fold: 'These are the figures of the models of all folds.',
          all: `${models.length > 1 ? 'Models' : 'A model'} of all rows, as here, cannot be measured on them.`,
          // Models of one fold, with several seeds, are measured together.
          ensemble: foldsOf(models) > 1 ? 'The mean of all models cannot be measured on them: every row is known to some.' : '',
        }[what];
  const columns = ['metric', 'value', '95 % interval', ...(hasBaseline ? ['TF-IDF and a linear model'] : [])];
  return `## Figures ${on === 'test' ? 'on the test table' : 'out of fold'}\n\n${how.trimEnd()}\n\n${markdownTable(columns, lines)}`;
}

function foldsOf(models: readonly string[]): number {
  return new Set(models.map((name) => modelIdOf(name)?.fold)).size;
}

function precisions({ exported: { files, what }, format }: CardFacts): string {
  if (format !== 'onnx') return '';
  const names = headlinesOf((name) => files.some(({ after }) => name in after));
  const lines = files.map(({ path, precision, bytes: size, before, after, maxDifference }) => [
    code(path),
    precision,
    bytes(size),
    ...names.map((name) => (after[name] === undefined ? '–' : `${metric(before[name])} → ${metric(after[name])}`)),
    maxDifference.toExponential(1),
  ]);
  const [first] = files;
  const measured =
    names.length === 0
      ? ''
      : ` The metrics, before and after, are those of ${plural(first!.rows, 'validation row')}` +
        (what === 'fold' ? ' of the fold.' : ', each by the model that was not trained on it, in the same precision.');
  const compared =
    "The largest difference is that between the file's predictions and those of the run's own models on " +
    `${plural(first!.compared, 'row')}.`;
  const columns = ['file', 'precision', 'size', ...names.map(code), 'largest difference'];
  return `## Files\n\n${markdownTable(columns, lines)}\n\n${compared}${measured}`;
}

function data({ tables, experiment }: CardFacts): string {
  const lines = tables.map(({ use, name, sha256 }) => [use, code(name), sha256 === null ? '–' : code(sha256)]);
  const { text, target } = experiment.data;
  const from = (columns: string | readonly string[]): string => listed(typeof columns === 'string' ? [columns] : columns);
  const columns = `Texts are from ${from(text)}, targets from ${from(target)}.`;
  return `## Data\n\n${markdownTable(['used for', 'table', 'SHA-256'], lines)}\n\n${columns}`;
}

function training({ experiment, versions, exportedBy, trainedAt, maxLength }: CardFacts): string {
  const { training: how, split, seed } = experiment;
  const lines = [
    ['date', trainedAt.slice(0, 10)],
    ['epochs at most', String(how.epochs)],
    ['batch size', String(how.batch_size)],
    ['learning rate', String(how.optimizer.lr)],
    ['optimizer', how.optimizer.name],
    ['loss', how.loss.name],
    ['tokens of a text at most', String(maxLength)],
    ['split', split.strategy],
    ['seed', String(seed)],
    ['programs', Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')],
    ['exported by', `ortrain ${exportedBy}`],
  ];
  return `## Training\n\n${markdownTable(['', ''], lines)}`;
}

function limits({ maxLength, exported: { files } }: CardFacts): string {
  const isInt8 = files.some(({ precision }) => precision === 'int8');
  const lines = [
    `A text is cut at ${maxLength} tokens; what comes after them is not read.`,
    'It answers for any text, whatever its language and subject, and never that it does not know.',
    'The figures hold for texts like those of the training table. Other sources, later times and other languages were not measured, ' +
      'nor were the figures of groups of people whom texts are by or about.',
    ...(isInt8
      ? ['In int8, inputs of layers are quantized by their range in the batch: a prediction depends a little on the texts beside it.']
      : []),
  ];
  return `## Limits\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}
