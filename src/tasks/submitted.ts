import { quoted, quotedList } from '../data/problems.ts';
import { lookup } from '../core/values.ts';
import type { AskedValues, SampleColumn, ValueWriter } from '../data/submission/index.ts';
import type { Predictions } from './predictions.ts';
import type { Task } from './task.ts';

/** Where a configuration asks for nothing. */
const NOTHING: AskedValues = { columns: {}, top: null, separator: null };

/**
 * What goes into the columns of a submission: what is asked for by their names, and into the others what the task finds by the sample; or
 * why nothing fits, as a sentence.
 */
export function submittedValues(
  task: Pick<Task, 'value' | 'values' | 'submissionValues'>,
  predictions: Predictions,
  columns: readonly SampleColumn[],
  asked: AskedValues = NOTHING,
): ValueWriter | string {
  const key = 'data.sample_submission.columns';
  const named = Object.entries(asked.columns);
  const absent = named.find(([column]) => columns.every(({ name }) => name !== column));
  if (absent !== undefined) {
    const names = quotedList(columns.map(({ name }) => name));
    return `${key} names the column ${quoted(absent[0])}, and beside the id the sample has ${names}`;
  }
  const writers = new Map<string, ValueWriter>();
  for (const [column, what] of named) {
    const writer = task.value(what, predictions);
    if (writer === undefined) return `${key} asks for ${quoted(what)} in the column ${quoted(column)}; the task has ${task.values}`;
    writers.set(column, writer);
  }
  const others = columns.filter(({ name }) => !writers.has(name));
  if (others.length === 0 && columns.length > 0) return (row, column) => lookup(writers, column)(row, column);
  const rest = task.submissionValues(predictions, others, asked);
  if (typeof rest === 'string' || writers.size === 0) return rest;
  return (row, column) => (writers.get(column) ?? rest)(row, column);
}
