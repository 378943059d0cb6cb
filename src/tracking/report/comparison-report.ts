import { writeFileAtomic } from '../../core/files.ts';
import { shownValue } from '../../config/parameters.ts';
import { count, metric } from '../../core/text.ts';
import type { Compared, Comparison, ComparedMetric } from '../comparison/compare.ts';
import type { Pair } from '../comparison/pairing.ts';
import { chance, range } from '../comparison/verdict.ts';
import { readEvaluatedRun, type EvaluatedRun } from '../run-files.ts';
import { foldScoresFigure, leadsFigure } from './figures/compared.ts';
import { draw, inline, type Figure } from './figure.ts';
import { html, type Html } from './html.ts';
import { facts, figure, page, table, type Section } from './page.ts';

/** Writes the comparison of runs as a page. */
export async function writeComparisonReport(file: string, comparison: Comparison, runs: readonly (Compared & { readonly folder: string })[]): Promise<void> {
  const { pairing } = comparison;
  const evaluated: EvaluatedRun[] = [];
  if (pairing.paired) for (const { folder, name } of runs) evaluated.push({ ...(await readEvaluatedRun(folder)), name });
  const drawings = await draw(pairing.paired ? comparedFigures(evaluated, pairing.pairs, pairing.metric) : []);
  const drawn = new Map(drawings.map((drawing) => [drawing.name, inline(drawing)]));
  const title = comparison.runs.join(' · ');
  const sections: readonly Section[] = [
    { id: 'parameters', title: 'What differs', body: parametersTable(comparison) },
    { id: 'results', title: 'Results', body: resultsTable(comparison) },
    ...(pairing.paired ? [{ id: 'folds', title: 'Fold by fold', body: foldsSection(pairing.metric, pairing.pairs, (name) => drawn.get(name)) }] : []),
    ...(pairing.paired ? [{ id: 'rows', title: 'Row by row', body: rowsSection(pairing.pairs) }] : []),
    { id: 'runs', title: 'The runs', body: facts(runs.map(({ name, folder }) => [name, html`<code>${folder}</code>`])) },
  ];
  writeFileAtomic(file, page({ title, subtitle: `${comparison.runs.length} runs side by side`, answer: html`<p>${comparison.verdict}</p>` }, sections));
}

function comparedFigures(runs: readonly EvaluatedRun[], pairs: readonly Pair[], name: string): readonly Figure[] {
  return [foldScoresFigure(runs, name), ...(pairs.some(({ folds }) => folds !== null) ? [leadsFigure(pairs, name)] : [])];
}

function parametersTable({ runs, parameters }: Comparison): Html {
  const rows = Object.entries(parameters);
  if (rows.length === 0) return html`<p>All parameters are the same.</p>`;
  return table(['parameter', ...runs], rows.map(([path, values]) => [path, ...values.map((value) => html`<code>${shownValue(value)}</code>`)]));
}

function resultsTable({ runs, metrics }: Comparison): Html {
  return html`${table(['metric', ...runs], metrics.map(({ name, values, best }) => [name, ...values.map((value, run) => cell(value, best.includes(run)))]))}
<p class="muted small">cv: mean ± standard deviation over the folds, with the 95 % interval of the mean, corrected for folds that share their training rows. oof: on all out-of-fold predictions together. The best of each row is set in bold.</p>`;
}

function cell(value: ComparedMetric['values'][number], isBest: boolean): Html | string {
  if (value === null) return '–';
  const text = `${metric(value.value)}${value.sd === null ? '' : ` ± ${metric(value.sd)}`}`;
  return html`${isBest ? html`<b>${text}</b>` : text}${value.interval !== null && html`<br><span class="muted small">${range(value.interval)}</span>`}`;
}

function foldsSection(name: string, pairs: readonly Pair[], show: (name: string) => Html | undefined): Html {
  const tested = pairs.flatMap(({ other, folds, p }) => (folds === null || p === null ? [] : [[other, metric(folds.difference), range(folds.interval), chance(p)]]));
  return html`<div class="figures">
${figure(show('fold-scores'), `${name} of each run’s best epoch. A thin line is one fold; the bars are the means.`)}
${show('leads') !== undefined && figure(show('leads'), 'Where an interval holds zero, the difference is within noise.')}
</div>
${tested.length > 0 && table([`${pairs[0]?.best ?? ''} against`, 'difference', '95 % interval', 'p'], tested)}
<p class="muted small">Corrected resampled t-test over the same folds (Nadeau and Bengio 2003)${pairs.length > 1 && ', with Holm’s correction of p for several comparisons'}.</p>`;
}

function rowsSection(pairs: readonly Pair[]): Html {
  const [first] = pairs;
  return html`${table(
    [`${first?.best ?? ''} against`, 'only the best is right', 'only the other is right', 'p'],
    pairs.map(({ other, rows }) => [other, count(rows.onlyA), count(rows.onlyB), chance(rows.p)]),
  )}
<p class="muted small">McNemar’s exact test on the out-of-fold predictions: it looks at these models on these rows, not at how much another training would differ.</p>`;
}
