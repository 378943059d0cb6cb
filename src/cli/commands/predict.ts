import { tablesOf } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { statsOf } from '../../core/inputs.ts';
import { writeOutput } from '../../core/outputs.ts';
import { writeCsv } from '../../data/csv.ts';
import { safeCell } from '../../data/safe-cells.ts';
import { predictTexts, readRun, type TextPredictions } from '../../runner/index.ts';
import { predictionColumns, predictionFields, predictionRows } from '../../stages/prediction-table.ts';
import type { Verb } from '../call.ts';
import { notes, threadsOf } from '../notes.ts';
import { isPrinted } from '../output.ts';
import { STOPPING } from '../progress/words.ts';
import { readTexts, type TEXT_FORMATS } from '../texts.ts';
import { plural } from '../render/text.ts';

interface PredictFlags {
  readonly run: string;
  readonly input: string;
  readonly output?: string;
  readonly safeCsv?: boolean;
  readonly format?: (typeof TEXT_FORMATS)[number];
  readonly encoding?: string;
  readonly columns?: readonly string[];
}

/** Classifies new texts with the models of a run. */
export const predict: Verb<PredictFlags> = async (_operands, flags, call) => {
  const run = readRun(call.flags.artifacts, flags.run);
  const printed = flags.output === undefined || isPrinted(flags.output, '--output', call.terminal);
  if (flags.output !== undefined && isSameFile(flags.input, flags.output)) throw new OrtrainError('usage', `${flags.output} is the input, and is not written over`, { subject: flags.output, remedy: 'Name another file with --output.' });
  const { train, test } = tablesOf(run.experiment.data);
  const { format, encoding, columns } = flags;
  const reading = {
    note: call.terminal.note,
    ...(format === undefined ? {} : { format }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(columns === undefined ? {} : { columns }),
  };
  const { ids, texts } = await readTexts(flags.input, [train, ...(test === null ? [] : [test])], reading);
  const signal = call.takeInterrupts();
  signal.addEventListener('abort', () => call.terminal.note(STOPPING));
  const predictions = await predictTexts(run, texts, { device: call.flags.device, signal, ...threadsOf(run) }, notes(call.terminal.note));
  const csv = asCsv(ids, predictions, flags.safeCsv === true);
  if (flags.output !== undefined && !printed) await writeOutput(flags.output, csv, { signal, onWait: call.terminal.note });
  return {
    data: { run: run.name, output: flags.output ?? null, ...asObjects(ids, predictions) },
    text: printed ? csv : `${plural(texts.length, 'prediction')} in ${flags.output}`,
    verbatim: printed,
  };
};

function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map(statsOf);
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

function asCsv(ids: readonly string[], predictions: TextPredictions, isSafe: boolean): string {
  const { classes } = predictions;
  const header = ['id', ...predictionColumns(classes)];
  const rows = predictionRows(flat(predictions), classes, ids.length, (row) => [ids[row]!]);
  return isSafe ? writeCsv(header.map(safeCell), safely(rows)) : writeCsv(header, rows);
}

function* safely(rows: Iterable<readonly (string | number)[]>): Iterable<readonly (string | number)[]> {
  for (const row of rows) yield row.map(safeCell);
}

function asObjects(ids: readonly string[], predictions: TextPredictions): { readonly classes: readonly string[]; readonly predictions: readonly object[] } {
  const { classes, probabilities } = predictions;
  const fieldsOf = predictionFields(flat(predictions), classes);
  const objects = ids.map((id, row) => ({
    id,
    prediction: fieldsOf(row).at(-1) ?? null,
    probabilities: Object.fromEntries(classes.map((name, label) => [name, probabilities[row]?.[label] ?? null])),
  }));
  return { classes, predictions: objects };
}

/** As the run's own predictions.csv is made from. */
function flat({ classes, probabilities }: TextPredictions): Float64Array {
  const width = classes.length === 2 ? 1 : classes.length;
  const all = new Float64Array(probabilities.length * width);
  probabilities.forEach((row, i) => all.set(width === 1 ? row.subarray(1) : row, i * width));
  return all;
}
