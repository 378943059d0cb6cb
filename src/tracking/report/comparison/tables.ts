import { shownValue } from '../../../config/index.ts';
import { duration, metric } from '../../../core/text.ts';
import { writeCsv } from '../../../data/tables/index.ts';
import { range, type ComparedMetric, type ComparedValue, type Comparison } from '../../comparison/index.ts';
import { html, type Html } from '../../../core/page/html.ts';
import { shortPaths } from '../labels.ts';
import { table } from '../../../core/page/elements.ts';
import { MOST_ROWS, MOST_WITH_METRICS, type PlacedRun } from './placed-runs.ts';

/** So many runs have room beside each other; more stand under each other, the best first. */
const MOST_COLUMNS = 4;
/** Runs that have little in common differ in more parameters than a table has room for. */
const MOST_PARAMETERS = 30;

/** A row a run, the best first: its score, the parameters that differ, its time, and the way to its report. */
export function rankingTable(comparison: Comparison, placed: readonly PlacedRun[]): Html {
  const { ranking } = comparison;
  const all = Object.entries(comparison.parameters);
  const parameters = all.slice(0, MOST_PARAMETERS);
  const names = shortPaths(parameters.map(([path]) => path));
  const best = new Set(comparison.metrics.find(({ name }) => name === ranking.row)?.best);
  const row = (each: PlacedRun): readonly (Html | string)[] => [
    linked(each, each.place === null ? '–' : String(each.place)),
    cell(each.score, best.has(each.run)),
    ...parameters.map(([, values]) => code(values[each.run])),
    each.seconds === null ? '–' : duration(each.seconds),
    linked(each, each.label),
  ];
  const columns = parameters.map(([path], i) => html`<span title="${path}">${names[i]}</span>`);
  const some = `The first ${MOST_PARAMETERS} of ${all.length} parameters that differ; pipeline diff lists those of two runs.`;
  return html`${table(['', ranking.metric, ...columns, 'training', 'report'], placed.slice(0, MOST_ROWS).map(row))}
${all.length === 0 && html`<p class="muted small">All parameters are the same.</p>`}${
    all.length > MOST_PARAMETERS && html`<p class="muted small">${some}</p>`
  }`;
}

/** Every metric of every run. */
export function resultsTable(comparison: Comparison, placed: readonly PlacedRun[]): Html {
  const { metrics: asTheyCome, ranking } = comparison;
  const metrics = asTheyCome.toSorted((a, b) => Number(ranking.row === b.name) - Number(ranking.row === a.name));
  const shown = placed.slice(0, MOST_WITH_METRICS);
  const best = new Map(metrics.map(({ name, best: of }) => [name, new Set(of)]));
  const valueOf = ({ name, values }: ComparedMetric, { run }: PlacedRun): Html | string =>
    cell(values[run] ?? null, best.get(name)?.has(run) === true);
  const beside = (): Html =>
    table(
      ['metric', ...shown.map(({ label }) => label)],
      metrics.map((each) => [each.name, ...shown.map((run) => valueOf(each, run))]),
    );
  const below = (): Html =>
    table(
      ['run', ...metrics.map(({ name }) => name)],
      shown.map((run) => [linked(run, run.label), ...metrics.map((each) => valueOf(each, run))]),
    );
  const hasSpread = metrics.some(({ values }) => values.some((value) => value?.sd != null));
  const spread = hasSpread
    ? 'mean ± standard deviation over the folds, with the 95 % interval of the mean, corrected for folds that share their training rows'
    : 'of the one fold that was trained';
  return html`${placed.length <= MOST_COLUMNS ? beside() : below()}
<p class="muted small">cv: ${spread}. oof: on all out-of-fold predictions together.${
    comparison.pairing.sameRows && ' The best of each metric is set in bold.'
  }</p>`;
}

/** Every run with its parameters and metrics, the best first. */
export function runsAsCsv({ parameters, metrics }: Comparison, placed: readonly PlacedRun[]): string {
  const paths = Object.entries(parameters);
  return writeCsv(
    ['place', 'run', ...paths.map(([path]) => path), ...metrics.map(({ name }) => name), 'training_seconds'],
    placed.map(({ run, name, place, seconds }) => [
      place ?? '',
      name,
      ...paths.map(([, values]) => (values[run] === undefined ? '' : shownValue(values[run]))),
      ...metrics.map(({ values }) => finite(values[run]?.value)),
      finite(seconds),
    ]),
  );
}

function finite(value: number | null | undefined): number | string {
  return typeof value === 'number' && Number.isFinite(value) ? value : '';
}

/** Leads to the run's own report, where it has one. */
function linked({ report, name }: PlacedRun, text: string): Html {
  return report === null ? html`<span title="${name}">${text}</span>` : html`<a href="${report}" title="${name}">${text}</a>`;
}

function code(value: unknown): Html {
  return html`<code>${shownValue(value)}</code>`;
}

function cell(value: ComparedValue | null, isBest: boolean): Html | string {
  if (value === null) return '–';
  const text = `${metric(value.value)}${value.sd === null || !Number.isFinite(value.sd) ? '' : ` ± ${metric(value.sd)}`}`;
  const interval = value.interval !== null && html`<br><span class="muted small">${range(value.interval)}</span>`;
  return html`${isBest ? html`<b>${text}</b>` : text}${interval}`;
}
