import { readRun } from '../../runner/index.ts';
import type { Verb } from '../call.ts';
import { compareRuns, comparisonTable } from '../render/comparison.ts';

/** Puts runs side by side. */
export const compare: Verb<object> = async (names, _flags, call) => {
  const comparison = compareRuns(names.map((name) => readRun(call.flags.artifacts, name)));
  return { data: comparison, text: comparisonTable(comparison, call.terminal.colors) };
};
