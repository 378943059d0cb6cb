import { shownValue } from '../../config/parameters.ts';
import { metric } from '../../core/text.ts';
import { meansOf, nameOverFolds, type ComparedMetric, type Comparison } from '../comparison/compare.ts';
import { range } from '../comparison/verdict.ts';
import { html, type Html } from './html.ts';
import { table } from './page.ts';

/** So many runs have room beside each other; more stand under each other, the best first. */
const MOST_COLUMNS = 4;

/** The parameters in which the runs differ; with many runs beside their results. */
export function parametersTable(comparison: Comparison): Html {
  const { runs, parameters, ranking } = comparison;
  const all = Object.entries(parameters);
  if (all.length === 0) return html`<p>All parameters are the same.</p>`;
  if (runs.length <= MOST_COLUMNS) return table(['parameter', ...runs], all.map(([path, values]) => [path, ...values.map(code)]));
  const means = meansOf(comparison, ranking.metric);
  const rows = inOrder(comparison).map((run) => [runs[run] ?? '', metric(means[run]?.value), ...all.map(([, values]) => code(values[run]))]);
  return table(['run', ranking.metric, ...all.map(([path]) => path)], rows);
}

/** Every metric of every run. */
export function resultsTable(comparison: Comparison): Html {
  const { runs, metrics: asTheyCome, ranking } = comparison;
  const metrics = asTheyCome.toSorted((a, b) => Number(nameOverFolds(ranking.metric) === b.name) - Number(nameOverFolds(ranking.metric) === a.name));
  const cells = (run: number): readonly (Html | string)[] => metrics.map(({ values, best }) => cell(values[run] ?? null, best.includes(run)));
  const beside = (): Html => table(['metric', ...runs], metrics.map(({ name, values, best }) => [name, ...values.map((value, run) => cell(value, best.includes(run)))]));
  const below = (): Html => table(['run', ...metrics.map(({ name }) => name)], inOrder(comparison).map((run) => [runs[run] ?? '', ...cells(run)]));
  return html`${runs.length <= MOST_COLUMNS ? beside() : below()}
<p class="muted small">cv: mean ± standard deviation over the folds, with the 95 % interval of the mean, corrected for folds that share their training rows. oof: on all out-of-fold predictions together. The best of each metric is set in bold.</p>`;
}

/** The ranked runs, then those that have no result. */
function inOrder({ runs, ranking: { order } }: Comparison): readonly number[] {
  return [...order, ...[...runs.keys()].filter((run) => !order.includes(run))];
}

function code(value: unknown): Html {
  return html`<code>${shownValue(value)}</code>`;
}

function cell(value: ComparedMetric['values'][number], isBest: boolean): Html | string {
  if (value === null) return '–';
  const text = `${metric(value.value)}${value.sd === null ? '' : ` ± ${metric(value.sd)}`}`;
  return html`${isBest ? html`<b>${text}</b>` : text}${value.interval !== null && html`<br><span class="muted small">${range(value.interval)}</span>`}`;
}
