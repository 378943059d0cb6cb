import { resolve } from 'node:path';
import { listRuns, type ListedRun } from '../../runner/index.ts';
import type { Verb } from '../call.ts';
import { left, right, table } from '../render/table.ts';
import { duration, metric, minuteOf, printable } from '../render/text.ts';
import type { Colors } from '../terminal.ts';

/** Lists the runs, the newest last. */
export const runs: Verb<object> = async (_operands, _flags, call) => {
  const { artifacts } = call.flags;
  const stored = listRuns(artifacts);
  const text = stored.length === 0 ? `no runs yet in ${resolve(artifacts, 'runs')}; start one with: pipeline run <config>` : runTable(stored, call.terminal.colors);
  return { data: { runs: stored }, text };
};

function runTable(stored: readonly ListedRun[], colors: Colors): string {
  const columns = [left('run'), left('status'), left('started'), right('took'), left('model'), right('folds'), right('oof/accuracy'), right('oof/f1_macro')];
  return table(
    columns,
    stored.map(({ name, status, startedAt, seconds, experiment, results, trainedFolds }) => [
      printable(name),
      colored(status, colors),
      minuteOf(startedAt),
      seconds === null ? '–' : duration(seconds),
      experiment === null ? '–' : printable(experiment.model.base),
      experiment === null ? '–' : foldsText(trainedFolds, experiment.split.folds),
      metric(results?.oof['oof/accuracy']),
      metric(results?.oof['oof/f1_macro']),
    ]),
    colors,
  );
}

/** `5` where all are trained, otherwise `1 of 5`. */
function foldsText(trained: number, all: number): string {
  return trained === all ? String(all) : `${trained} of ${all}`;
}

function colored(status: ListedRun['status'], colors: Colors): string {
  return { done: colors.green, running: colors.cyan, failed: colors.red, interrupted: colors.yellow, damaged: colors.red }[status](status);
}
