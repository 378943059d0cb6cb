import { join, parse } from 'node:path';
import { writeOutput } from '../../../core/outputs.ts';
import { duration, plural } from '../../../core/text.ts';
import type { Compared, Comparison } from '../../comparison/index.ts';
import { comparisonFigures } from './figures.ts';
import { comparisonSections } from './sections.ts';
import { runsAsCsv } from './tables.ts';
import { draw, inline } from '../figure.ts';
import { writeFigures } from '../figure-files.ts';
import { html } from '../../../core/page/html.ts';
import { MOST_WITH_METRICS, placedRuns, secondsOfEpochs } from './placed-runs.ts';
import { page } from '../page.ts';

/** What the page of a sweep says beside the comparison of its runs. */
export interface SweepHeading {
  readonly name: string;
  /** The configuration that its values were put into. */
  readonly base: string;
  /** Members without a result, each with its values in words and the reason. */
  readonly without: readonly { readonly label: string; readonly reason: string }[];
}

/** Up to so many runs are named in the title. */
const MOST_IN_TITLE = 4;

/**
 * Writes the comparison of runs, or the results of a sweep, as a page, its figures into a folder beside it, `<page>-figures`, and
 * where the page does not list all runs, a table of them, `<page>-runs.csv`; answers with their paths.
 */
export async function writeComparisonReport(
  file: string,
  comparison: Comparison,
  runs: readonly (Compared & { readonly folder: string })[],
  sweep?: SweepHeading,
): Promise<readonly string[]> {
  const { dir, name } = parse(file);
  const placed = placedRuns(comparison, runs, dir);
  const drawings = await draw(comparisonFigures(comparison, placed));
  const drawn = new Map(drawings.map((drawing) => [drawing.name, inline(drawing)]));
  const csv = placed.length > MOST_WITH_METRICS ? `${name}-runs.csv` : null;
  const heading = {
    title: titleOf(comparison, sweep),
    subtitle: subtitleOf(comparison, runs, sweep),
    answer: html`<p>${comparison.verdict}</p>`,
  };
  await writeOutput(file, page(heading, comparisonSections(comparison, placed, { drawn, csv, without: sweep?.without ?? [] })));
  if (csv !== null) await writeOutput(join(dir, csv), runsAsCsv(comparison, placed));
  return [file, ...(csv === null ? [] : [join(dir, csv)]), ...(await writeFigures(join(dir, `${name}-figures`), drawings))];
}

function titleOf({ runs, ranking }: Comparison, sweep: SweepHeading | undefined): string {
  if (sweep !== undefined) return sweep.name;
  return runs.length <= MOST_IN_TITLE ? runs.join(' · ') : `${runs.length} runs by ${ranking.metric}`;
}

function subtitleOf({ ranking }: Comparison, runs: readonly Compared[], sweep: SweepHeading | undefined): string {
  const seconds = runs.reduce((sum, { metrics }) => sum + (metrics === null ? 0 : secondsOfEpochs(metrics)), 0);
  const training = `${duration(seconds)} of training`;
  if (sweep === undefined) return `${runs.length} runs side by side by ${ranking.metric} · ${training}`;
  const { base, without } = sweep;
  const failed = without.length === 0 ? '' : ` · ${without.length} without a result`;
  return `sweep of ${plural(runs.length + without.length, 'experiment')} on ${base} by ${ranking.metric}${failed} · ${training}`;
}
