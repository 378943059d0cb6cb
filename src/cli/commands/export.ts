import { OrtrainError } from '../../core/errors.ts';
import { exportRun, readRun, type ExportedFile, type ExportedModel } from '../../runner/index.ts';
import type { Call, Verb } from '../call.ts';
import { notes, threadsOf } from '../notes.ts';
import { STOPPING } from '../progress/words.ts';
import { left, right, table } from '../render/table.ts';
import { bytes, metric, pathFromHere, plural } from '../render/text.ts';
import type { Colors } from '../terminal.ts';

interface ExportFlags {
  readonly run: string;
  readonly to: string;
  readonly format: 'onnx' | 'huggingface';
  readonly fold?: number;
  readonly dtype: 'float32' | 'float16';
  readonly quantize?: 'int8';
}

/** Writes the model of a run's fold for other tools. */
export const exportModel: Verb<ExportFlags> = async (_operands, flags, call) => {
  const { to, format, fold, dtype, quantize } = flags;
  const alsoIn = [...(dtype === 'float16' ? (['float16'] as const) : []), ...(quantize === undefined ? [] : [quantize])];
  if (format === 'huggingface' && alsoIn.length > 0) {
    throw new OrtrainError('usage', '--dtype and --quantize are for --format onnx', { remedy: 'Leave them out: a Hugging Face model directory holds float32.' });
  }
  const run = readRun(call.flags.artifacts, flags.run);
  const signal = call.takeInterrupts();
  signal.addEventListener('abort', () => call.terminal.note(STOPPING));
  const request = { to, format, alsoIn, signal, ...(fold === undefined ? {} : { fold }), ...threadsOf(run) };
  const exported = await exportRun(run, request, notes(call.terminal.note));
  return { data: { run: run.name, format, ...exported }, text: exportText(exported, format, run.name, call) };
};

function exportText({ folder, fold, files }: ExportedModel, format: ExportFlags['format'], run: string, { terminal }: Call): string {
  const place = pathFromHere(folder);
  const use = {
    onnx: `in transformers.js: await pipeline('text-classification', '${place}')`,
    huggingface: `in Python: pipeline('text-classification', '${place}')`,
  }[format];
  const measured = files.length === 1 ? files.map(sameness).join('') : comparison(files, terminal.colors);
  return [`fold ${fold} of ${run} is in ${place}`, measured, use].join('\n\n');
}

function sameness({ path, bytes: size, rows, maxDifference }: ExportedFile): string {
  return `${path}, ${bytes(size)}: the probabilities of the run on ${plural(rows, 'validation row')} of the fold (largest difference ${maxDifference.toExponential(1)})`;
}

function comparison(files: readonly ExportedFile[], colors: Colors): string {
  const columns = [left('file'), left('precision'), right('size'), right('accuracy'), right('f1_macro'), right('largest difference')];
  const rows = files.map((file) => [file.path, file.precision, bytes(file.bytes), change(file, 'accuracy'), change(file, 'f1_macro'), file.maxDifference.toExponential(1)]);
  return `${table(columns, rows, colors)}\n\nall on the fold's ${plural(files[0]?.rows ?? 0, 'validation row')}; the difference is that of probabilities from the run's`;
}

/** What a metric was in the run and is in the file; one number where it is the same. */
function change({ before, after }: ExportedFile, name: string): string {
  const [was, is] = [metric(before[name]), metric(after[name])];
  return was === is ? is : `${was} → ${is}`;
}
