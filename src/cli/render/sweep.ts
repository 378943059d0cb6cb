import { join } from 'node:path';
import { shownValue, type Sweep } from '../../config/index.ts';
import type { SweepDocument } from '../../runner/search/index.ts';
import type { Colors } from '../terminal.ts';
import { sections } from './layout/sections.ts';
import { left, right, table } from './layout/table.ts';
import { duration, metric, pathFromHere, plural, printable } from './layout/text.ts';

/** The ranking of a sweep, its verdict and its page, and how to run the best again. */
export function rankingText(sweep: Sweep, { ranking, verdict, pairing, report, pruning }: SweepDocument, colors: Colors): string {
  const columns = [right(''), ...sweep.parameters.map(left), right(sweep.metric), right('took'), left('run')];
  const rows = ranking.map(({ run, values, score, seconds, error, pruned }, i) => [
    score === null ? '–' : `${i + 1}`,
    ...sweep.parameters.map((path) => printable(shownValue(values[path]))),
    score === null
      ? (pruned === undefined ? colors.red(error === null ? 'not evaluated' : 'failed') : 'pruned')
      : i === 0 && pairing?.sameRows === true
        ? colors.green(metric(score))
        : metric(score),
    seconds === null ? '–' : duration(seconds),
    run,
  ]);
  const missing = sweep.trials - ranking.length;
  const rest = missing > 0 ? ', the rest did not start' : '';
  const title = `${sweep.name} · ${ranking.length} of ${plural(sweep.trials, 'experiment')}${rest}`;
  const [best] = ranking;
  const canRepeat = pairing?.sameRows !== false && best !== undefined && best.folder !== null && best.score !== null;
  return sections(
    [
      { title, lines: [table(columns, rows, colors)] },
      { title: 'verdict', lines: verdict === null ? [] : [printable(verdict)] },
      {
        title: 'pruning',
        lines: pruning === undefined ? [] : [`${pruning.rule}: ${pruning.epochs} of ${pruning.without} epochs of all folds were trained`],
      },
      { title: 'report', lines: report === null ? [] : [pathFromHere(report)] },
      { title: 'run the best again', lines: canRepeat ? [`pipeline run ${pathFromHere(join(best.folder, 'config.yaml'))}`] : [] },
    ],
    colors,
  );
}

/** The experiments of a sweep, by their values. */
export function memberList({ name, base, metric: by, parameters, members, trials }: Sweep, colors: Colors): string {
  const rows = members.map(({ loaded, values }) => [
    ...parameters.map((path) => printable(shownValue(values[path]))),
    loaded.experiment.name,
  ]);
  const later = trials - members.length;
  const count = later > 0 ? `the first ${members.length} of ${plural(trials, 'experiment')}` : plural(members.length, 'experiment');
  return sections(
    [
      { title: `${name} · ${count} on ${base}, ranked by ${by}`, lines: [table([...parameters.map(left), left('run')], rows, colors)] },
      { title: 'later', lines: later > 0 ? [`each of the other ${later} follows from the results of those before it`] : [] },
    ],
    colors,
  );
}
