import { count, metric, plural } from '../../../core/text.ts';
import { chance, range, type Comparison, type Pair, type Paired } from '../../comparison/index.ts';
import { perFold } from './figures.ts';
import { rankingTable, resultsTable } from './tables.ts';
import { html, type Html } from '../../../core/page/html.ts';
import { facts, figure, table } from '../../../core/page/elements.ts';
import { type Section } from '../page.ts';
import { MOST_COLOURS } from '../figures/overlaid.ts';
import { hasFoldPoints } from '../figures/ranked.ts';
import { labelsOf, MOST_DRAWN, MOST_POINTS, MOST_ROWS, MOST_WITH_METRICS, type PlacedRun } from './placed-runs.ts';

interface Shown {
  /** Figures by their names. */
  readonly drawn: ReadonlyMap<string, Html>;
  /** The file beside the page that holds every run; null where the page does. */
  readonly csv: string | null;
  readonly without: readonly { readonly label: string; readonly reason: string }[];
}

/** The parts of a comparison's page, the answer first and what it rests on after it. */
export function comparisonSections(
  comparison: Comparison,
  placed: readonly PlacedRun[],
  { drawn, csv, without }: Shown,
): readonly Section[] {
  const { pairing, ranking } = comparison;
  const show = (name: string): Html | undefined => drawn.get(name);
  const ofParameters = [...drawn].filter(([name]) => name.startsWith('parameter-')).map(([, drawing]) => drawing);
  const ranked = placed.filter(({ place }) => place !== null);
  return [
    {
      id: 'ranking',
      title: pairing.sameRows ? 'From best to worst' : `By ${ranking.metric}, on different rows`,
      body: html`${rankingTable(comparison, placed)}${rest(placed.length, MOST_ROWS, csv)}${rankingFigureOf(ranked, show('ranking'))}`,
    },
    ...(show('curves') === undefined
      ? []
      : [{ id: 'curves', title: 'Learning curves', body: figure(show('curves'), curvesCaption(comparison, ranked)) }]),
    ...(ofParameters.length === 0
      ? []
      : [{ id: 'parameters', title: 'Score over each parameter', body: parametersSection(ofParameters, comparison, ranked.length) }]),
    ...(show('cost') === undefined
      ? []
      : [
          {
            id: 'cost',
            title: 'Cost',
            body: figure(
              show('cost'),
              'A point is a run, the first of them in ' +
                `orange${ranked.length > MOST_POINTS ? `; the best ${MOST_POINTS} are drawn` : ''}. The time is that of all epochs of ` +
                'all folds when they were trained, also where a later command found them in the cache.',
            ),
          },
        ]),
    { id: 'results', title: 'Every metric', body: html`${resultsTable(comparison, placed)}${rest(placed.length, MOST_WITH_METRICS, csv)}` },
    ...(pairing.paired ? [{ id: 'folds', title: 'Fold by fold', body: foldsSection(pairing, labelsOf(placed), show) }] : []),
    ...(pairing.paired ? [{ id: 'rows', title: 'Row by row', body: rowsSection(pairing, labelsOf(placed)) }] : []),
    ...(without.length === 0 ? [] : [{ id: 'without', title: 'Without a result', body: withoutSection(without) }]),
  ];
}

function rest(runs: number, most: number, csv: string | null): Html | false {
  if (csv === null || runs <= most) return false;
  const link = html`<a href="${encodeURIComponent(csv)}">${csv}</a>`;
  return html`<p class="muted small">The first ${most} of ${count(runs)} runs; ${link} holds them all.</p>`;
}

function rankingFigureOf(ranked: readonly PlacedRun[], drawing: Html | undefined): Html | false {
  if (drawing === undefined) return false;
  const points = hasFoldPoints(ranked.slice(0, MOST_DRAWN)) ? ' Small points are the folds.' : '';
  const lines = ranked.slice(0, MOST_DRAWN).some(({ score }) => score?.interval != null)
    ? ' A line is the 95 % interval of the mean over the folds, of this run for itself; one that reaches beyond the edge is cut off there.'
    : '';
  return figure(
    drawing,
    `${ranked.length > MOST_DRAWN ? `The best ${MOST_DRAWN} of ${count(ranked.length)}.` : 'The best is at the top.'}${lines}${points}`,
  );
}

function curvesCaption(comparison: Comparison, ranked: readonly PlacedRun[]): string {
  const drawn = Math.min(ranked.length, MOST_DRAWN);
  const isPoints = ranked.slice(0, MOST_DRAWN).every(({ metrics }) => (metrics?.folds ?? []).every(({ epochs }) => epochs.length < 2));
  const which = ranked.length > drawn ? ` The best ${drawn} of ${count(ranked.length)} runs are drawn.` : '';
  const grey = drawn > MOST_COLOURS ? ` The ${MOST_COLOURS} best are in colour, all others grey.` : '';
  const marks = isPoints
    ? 'A point is a run, which was trained for one epoch'
    : `A line is a run: ${perFold(comparison)} after each epoch, as the mean over the folds that have come so far`;
  return `${marks}.${grey}${which}`;
}

function parametersSection(drawings: readonly Html[], { ranking, metrics }: Comparison, ranked: number): Html {
  const best = metrics.find(({ name }) => name === ranking.row)?.best.length ?? 0;
  const marked = best > 1 ? ` The ${count(best)} best, whose score is the same, stand out.` : best === 1 ? ' The best run stands out.' : '';
  return html`<div class="figures">${drawings.map((drawing) => figure(drawing, ''))}</div>
<p class="muted small">A point is a run: its ${ranking.metric} over one parameter, whatever the others are.${marked}${
    ranked > MOST_POINTS && ` The best ${MOST_POINTS} are drawn.`
  }</p>
`;
}

/** More pairs than these are of runs that are far behind. */
const MOST_PAIRS = 40;

const FINDINGS: Readonly<Record<Pair['finding'], string>> = {
  better: 'better',
  worse: 'worse',
  noise: 'within noise',
  equal: 'the same',
  unknown: 'not known',
};

function foldsSection(
  { metric: name, pairs, best }: Paired,
  labelOf: (name: string) => string,
  show: (name: string) => Html | undefined,
): Html {
  const rows = pairs
    .slice(0, MOST_PAIRS)
    .map(({ other, difference, folds, finding }) => [
      labelOf(other),
      metric(difference),
      folds === null ? '–' : range(folds.interval),
      folds === null ? '–' : chance(folds.p),
      FINDINGS[finding],
    ]);
  const together =
    pairs.length > 1
      ? ` Intervals and p values hold for all ${pairs.length} comparisons together (Bonferroni’s correction), ` +
        'so an interval contains zero exactly if p is 5 % or more.'
      : '';
  const untested = [...new Set(pairs.flatMap((pair) => (pair.untested === null ? [] : [pair.untested])))];
  return html`<p>${best} against ${pairs.length === 1 ? 'the other' : 'each of the others'}.</p>
<div class="figures">
${show('fold-scores') !== undefined &&
  figure(show('fold-scores'), `${name} of each run’s best epoch. A thin line is one fold; the bars are the means.`)}
${show('leads') !== undefined && figure(show('leads'), 'If an interval contains zero, the difference is within noise.')}
</div>
${table(['against', `difference in ${name}`, '95 % interval', 'p', 'it is'], rows)}
${shortened(pairs.length)}
<p class="muted small">${
    pairs.some(({ folds }) => folds !== null) && `Corrected resampled t-test over the same folds (Nadeau and Bengio 2003).${together}`
  }${untested.map((reason) => ` No test: ${reason}.`)}</p>`;
}

function rowsSection({ pairs, best, byDistance = false }: Paired, labelOf: (name: string) => string): Html {
  return html`<p>${best} against ${pairs.length === 1 ? 'the other' : 'each of the others'}.</p>
${table(
    ['against', ...(byDistance ? ['it is nearer', 'the other is nearer'] : ['only it is right', 'only the other is right']), 'p'],
    pairs.slice(0, MOST_PAIRS).map(({ other, rows }) => [labelOf(other), count(rows.onlyA), count(rows.onlyB), chance(rows.p)]),
  )}
${shortened(pairs.length)}
<p class="muted small">${byDistance ? 'The exact sign test' : 'McNemar’s exact test'} on the out-of-fold predictions${
    pairs.length > 1 && `, its p corrected for ${pairs.length} comparisons`
  }: it looks at these models on these rows, not at how much another training would differ, ${
    'so it does not decide which run is better.'
  }</p>`;
}

function shortened(pairs: number): Html | false {
  return pairs > MOST_PAIRS && html`<p class="muted small">The ${MOST_PAIRS} closest of ${count(pairs)}.</p>`;
}

function withoutSection(without: Shown['without']): Html {
  const more = without.length - MOST_ROWS;
  return html`${facts(without.slice(0, MOST_ROWS).map(({ label, reason }) => [label, reason]))}${
    more > 0 && html`<p class="muted small">And ${plural(more, 'more experiment')}.</p>`
  }`;
}
