import { modelInWords } from '../../core/model-name.ts';
import { headlinesOf } from '../../config/index.ts';
import type { ExportedFile, ExportedModel, ExportRequest } from '../../runner/models/index.ts';
import type { Colors } from '../terminal.ts';
import { left, right, table } from './layout/table.ts';
import { bytes, metric, pathFromHere, plural } from './layout/text.ts';

/** A run whose model is exported. */
interface ExportedRun {
  readonly name: string;
  /** Whether it reads pairs of texts. */
  readonly readsPairs: boolean;
}

/** Where the model is, how near it comes to the run's own, and how to load it. */
export function exportText(exported: ExportedModel, format: ExportRequest['format'], run: ExportedRun, colors: Colors): string {
  const { folder, files } = exported;
  const place = pathFromHere(folder);
  const model = `pipeline('text-classification', '${place}')`;
  const use = {
    onnx: run.readsPairs
      ? `in transformers.js: const { tokenizer, model } = await ${model}; await model(tokenizer(first, { text_pair: second }))`
      : `in transformers.js: await ${model}`,
    huggingface: `in Python: ${model}${run.readsPairs ? "({'text': first, 'text_pair': second})" : ''}`,
  }[format];
  const measured = files.length === 1 ? files.map((file) => agreement(file, exported.fold)).join('') : comparison(files, colors);
  return [`${modelInWords(exported)} of ${run.name} is in ${place}`, measured, use].join('\n\n');
}

function agreement({ path, bytes: size, rows, maxDifference }: ExportedFile, fold: ExportedModel['fold']): string {
  const compared = fold === 'all' ? plural(rows, 'row') : `${plural(rows, 'validation row')} of the fold`;
  const difference = `largest difference ${maxDifference.toExponential(1)}`;
  return `${path}, ${bytes(size)}: predictions agree with the run's on ${compared} (${difference})`;
}

function comparison(files: readonly ExportedFile[], colors: Colors): string {
  const shown = headlinesOf((name) => files.some(({ before }) => name in before));
  const columns = [left('file'), left('precision'), right('size'), ...shown.map((name) => right(name)), right('largest difference')];
  const rows = files.map((file) => [
    file.path,
    file.precision,
    bytes(file.bytes),
    ...shown.map((name) => change(file, name)),
    file.maxDifference.toExponential(1),
  ]);
  const measured = plural(files[0]?.rows ?? 0, 'validation row');
  return `${table(columns, rows, colors)}\n\nmeasured on the fold's ${measured}; the difference is to the run's own predictions`;
}

/** What a metric was in the run and is in the file; one number where it is the same. */
function change({ before, after }: ExportedFile, name: string): string {
  const [was, is] = [metric(before[name]), metric(after[name])];
  return was === is ? is : `${was} → ${is}`;
}
