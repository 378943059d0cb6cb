import { modelInWords } from '../../core/model-name.ts';
import { headlinesOf } from '../../config/index.ts';
import type { Uploaded } from '../../data/hub/index.ts';
import type { ExportedFile, ExportedModel, ExportRequest } from '../../runner/exports/index.ts';
import type { Colors } from '../terminal.ts';
import { left, right, table } from './layout/table.ts';
import { bytes, metric, pathFromHere, plural } from './layout/text.ts';

/** A run whose model is exported. */
interface ExportedRun {
  readonly name: string;
  /** Whether it reads pairs of texts. */
  readonly readsPairs: boolean;
  /** Whether its answers are numbers, of which the usual pipeline of transformers.js would take a softmax. */
  readonly givesNumbers: boolean;
}

/** What was exported, where it is, how near it comes to the run's own, and how to load it. */
export function exportText(exported: ExportedModel, format: ExportRequest['format'], run: ExportedRun, colors: Colors): string {
  const { folder, files } = exported;
  const place = pathFromHere(folder);
  const model = `pipeline('text-classification', '${place}')`;
  const logits = `(await AutoModelForSequenceClassification.from_pretrained('${place}', { dtype: 'fp32' }))(tokenizer(text))`;
  const pairs = `const { tokenizer, model } = await ${model}; await model(tokenizer(first, { text_pair: second }))`;
  const inJavaScript = run.givesNumbers ? `${logits}, whose logits are the numbers` : run.readsPairs ? pairs : `await ${model}`;
  const use = {
    onnx: `in transformers.js: ${inJavaScript}`,
    huggingface: `in Python: ${model}${run.readsPairs ? "({'text': first, 'text_pair': second})" : ''}`,
  }[format];
  const measured = files.length === 1 ? files.map((file) => agreement(file, exported)).join('') : comparison(files, exported, colors);
  const card = `README.md is its model card: figures, data, limits and how to load it`;
  return [`${subject(exported, run.name)} is in ${place}${reason(exported, run.name)}`, measured, `${card}\n${use}`].join('\n\n');
}

/** Where it is on the hub, and who sees it. */
export function pushedText({ url, commit, existed }: Uploaded, isPublic: boolean): string {
  const seen = existed ? 'the repository was there before, and who sees it stays as it was' : isPublic ? 'public' : 'private';
  return `pushed to ${url} as commit ${commit.slice(0, 10)}: ${seen}`;
}

function subject({ fold, seed, models, what }: ExportedModel, run: string): string {
  if (fold !== undefined) return `${modelInWords({ fold, seed })} of ${run}`;
  return `the mean of ${models.length} models of ${run}${what === 'all' ? ', trained on all rows,' : ''}`;
}

/** How its answers are related to those of `pipeline predict`. */
function reason({ models, what, predictedBy }: ExportedModel, run: string): string {
  if (models.join() === predictedBy.join()) return `; ${run} predicts with the same`;
  const mean = predictedBy.length === 1 ? 'another model' : `the mean of ${predictedBy.length} models`;
  const other = what === 'ensemble' || predictedBy.length === 1 ? '' : '; without --what, --fold and --seed that is exported, as ONNX';
  return `\n${run} itself predicts with ${mean}, so its answers differ from these${other}`;
}

function agreement({ path, bytes: size, compared, maxDifference }: ExportedFile, { what }: ExportedModel): string {
  const rows = what === 'fold' ? `${plural(compared, 'validation row')} of the fold` : plural(compared, 'row');
  const difference = `largest difference ${maxDifference.toExponential(1)}`;
  return `${path}, ${bytes(size)}: predictions agree with the run's on ${rows} (${difference})`;
}

function comparison(files: readonly ExportedFile[], { what }: ExportedModel, colors: Colors): string {
  const shown = headlinesOf((name) => files.some(({ before }) => name in before));
  const columns = [left('file'), left('precision'), right('size'), ...shown.map((name) => right(name)), right('largest difference')];
  const rows = files.map((file) => [
    file.path,
    file.precision,
    bytes(file.bytes),
    ...shown.map((name) => change(file, name)),
    file.maxDifference.toExponential(1),
  ]);
  const [{ rows: count, compared } = { rows: 0, compared: 0 }] = files;
  const measured =
    what === 'fold'
      ? `measured on the fold's ${plural(count, 'validation row')}; the difference is to the run's own predictions`
      : `metrics on ${plural(count, 'validation row')}, each by the model of its fold in this precision; ` +
        `the difference is to the run's own predictions of ${plural(compared, 'row')}`;
  return `${table(columns, rows, colors)}\n\n${measured}`;
}

/** What a metric was in the run and is in the file; one number where it is the same. */
function change({ before, after }: ExportedFile, name: string): string {
  const [was, is] = [metric(before[name]), metric(after[name])];
  return was === is ? is : `${was} → ${is}`;
}
