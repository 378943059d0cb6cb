import { join, parse } from 'node:path';
import { writeOutput } from '../../core/outputs.ts';
import { count, metric } from '../../core/text.ts';
import { meansOf, type Compared, type Comparison } from '../comparison/compare.ts';
import type { Pair } from '../comparison/pairing.ts';
import { chance, range } from '../comparison/verdict.ts';
import { parametersTable, resultsTable } from './comparison-tables.ts';
import { foldScoresFigure, leadsFigure } from './figures/compared.ts';
import { parameterFigure, rankingFigure, type RankedRun } from './figures/ranked.ts';
import { draw, inline, type Figure } from './figure.ts';
import { writeFigures } from './figure-files.ts';
import { html, type Html } from './html.ts';
import { facts, figure, page, table, type Section } from './page.ts';

/** A run and where it is. */
type Placed = Compared & { readonly folder: string };

/** With more runs the folds' lines cannot be told apart; with fewer than these a parameter's effect is not to be seen. */
const MOST_WITH_FOLDS = 6;
const LEAST_FOR_PARAMETERS = 4;
/** A search rarely has more parameters; what is left out stands in the table. */
const MOST_PARAMETERS = 12;

/** Writes the comparison of runs as a page, and its figures into a folder beside it, `<page>-figures`; answers with their paths. */
export async function writeComparisonReport(file: string, comparison: Comparison, runs: readonly Placed[], title = titleOf(comparison)): Promise<readonly string[]> {
  const drawings = await draw(comparisonFigures(comparison, runs));
  const drawn = new Map(drawings.map((drawing) => [drawing.name, inline(drawing)]));
  const answer = html`<p>${comparison.verdict}</p>`;
  await writeOutput(file, page({ title, subtitle: `${runs.length} runs side by side`, answer }, comparisonSections(comparison, runs, drawn)));
  const { dir, name } = parse(file);
  return [file, ...(await writeFigures(join(dir, `${name}-figures`), drawings))];
}

function titleOf({ runs, ranking }: Comparison): string {
  return runs.length <= LEAST_FOR_PARAMETERS ? runs.join(' · ') : `${runs.length} runs by ${ranking.metric}`;
}

/** Every figure of a comparison. */
export function comparisonFigures(comparison: Comparison, runs: readonly Placed[]): readonly Figure[] {
  const { pairing, ranking, parameters } = comparison;
  const all = rankedRuns(comparison, runs);
  const pairs = pairing.paired ? pairing.pairs : [];
  const means = meansOf(comparison, ranking.metric);
  const best = all[0]?.mean.value ?? NaN;
  const over = (path: string, values: readonly unknown[]): Figure =>
    parameterFigure(path, ranking.order.map((run) => ({ value: values[run], score: means[run]?.value ?? NaN })), ranking.metric, best);
  return [
    ...(runs.length > 2 && all.length > 0 ? [rankingFigure(all, ranking.metric)] : []),
    ...(all.length < LEAST_FOR_PARAMETERS ? [] : Object.entries(parameters).slice(0, MOST_PARAMETERS).map(([path, values]) => over(path, values))),
    ...(pairing.paired && runs.length <= MOST_WITH_FOLDS ? [foldScoresFigure(runs, pairing.metric)] : []),
    ...(pairing.paired && pairs.some(({ folds }) => folds !== null) ? [leadsFigure(pairs, pairing.metric)] : []),
  ];
}

function rankedRuns(comparison: Comparison, runs: readonly Placed[]): readonly RankedRun[] {
  const { metric: name, order } = comparison.ranking;
  const means = meansOf(comparison, name);
  return order.flatMap((run) => {
    const [mean, of] = [means[run], runs[run]];
    const scores = (of?.metrics?.folds ?? []).map(({ best }) => best[name] ?? NaN).filter(Number.isFinite);
    return mean == null || of === undefined ? [] : [{ name: of.name, mean, scores }];
  });
}

function comparisonSections(comparison: Comparison, runs: readonly Placed[], drawn: ReadonlyMap<string, Html>): readonly Section[] {
  const { pairing, ranking } = comparison;
  const show = (name: string): Html | undefined => drawn.get(name);
  const ofParameters = [...drawn].filter(([name]) => name.startsWith('parameter-')).map(([, drawing]) => drawing);
  return [
    ...(show('ranking') === undefined ? [] : [{ id: 'ranking', title: 'From best to worst', body: figure(show('ranking'), 'The mean over the folds of each run’s best epochs, with its 95 % interval; small points are the folds. Intervals that reach beyond the edge are cut off there.') }]),
    { id: 'parameters', title: 'What differs', body: html`${ofParameters.length > 0 && parameterFigures(ofParameters, ranking.metric)}${parametersTable(comparison)}` },
    { id: 'results', title: 'Results', body: resultsTable(comparison) },
    ...(pairing.paired ? [{ id: 'folds', title: 'Fold by fold', body: foldsSection(pairing.metric, pairing.pairs, show) }] : []),
    ...(pairing.paired ? [{ id: 'rows', title: 'Row by row', body: rowsSection(pairing.pairs) }] : []),
    { id: 'runs', title: 'The runs', body: facts(runs.map(({ name, folder }) => [name, html`<code>${folder}</code>`])) },
  ];
}

function parameterFigures(drawings: readonly Html[], name: string): Html {
  return html`<div class="figures">${drawings.map((drawing) => figure(drawing, ''))}</div>
<p class="muted small">A point is a run: its ${name}, mean over folds, over one parameter, whatever the others are. The best run stands out.</p>
`;
}

function foldsSection(name: string, pairs: readonly Pair[], show: (name: string) => Html | undefined): Html {
  const tested = pairs.flatMap(({ other, folds, p }) => (folds === null || p === null ? [] : [[other, metric(folds.difference), range(folds.interval), chance(p)]]));
  return html`<div class="figures">
${show('fold-scores') !== undefined && figure(show('fold-scores'), `${name} of each run’s best epoch. A thin line is one fold; the bars are the means.`)}
${show('leads') !== undefined && figure(show('leads'), `Where an interval holds zero, the difference is within noise.${pairs.length > 1 ? ' The intervals stand for one comparison each; p, which decides, is corrected for all of them.' : ''}`)}
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
