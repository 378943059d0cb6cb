import { resolve } from 'node:path';
import { foldsOf, headlinesOf, USUAL_HEADLINES } from '../../../config/index.ts';
import type { ListedRun } from '../../../runner/stored/index.ts';
import type { Colors } from '../../terminal.ts';
import { left, right, table } from '../layout/table.ts';
import { duration, metric, minuteOf, printable } from '../layout/text.ts';

/** A row a run. */
export function runList(runs: readonly ListedRun[], artifacts: string, colors: Colors): string {
  if (runs.length === 0) return `no runs yet in ${resolve(artifacts, 'runs')}; start one with: pipeline run <config>`;
  const found = new Set(runs.flatMap(({ results }) => headlinesOf((name) => results !== null && `oof/${name}` in results.oof)));
  const headlines = found.size === 0 ? USUAL_HEADLINES : [...found];
  const columns = [
    left('run'),
    left('status'),
    left('started'),
    right('took'),
    left('model'),
    right('folds'),
    ...headlines.map((name) => right(`oof/${name}`)),
  ];
  return table(
    columns,
    runs.map(({ name, status, startedAt, seconds, experiment, results, trainedFolds }) => [
      printable(name),
      colored(status, colors),
      minuteOf(startedAt),
      seconds === null ? '–' : duration(seconds),
      experiment === null ? '–' : printable(experiment.model.base),
      experiment === null ? '–' : foldsText(trainedFolds, foldsOf(experiment)),
      ...headlines.map((name) => metric(results?.oof[`oof/${name}`])),
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
