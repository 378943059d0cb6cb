import { join, parse } from 'node:path';
import { table } from '../../core/page/elements.ts';
import { html, type Html } from '../../core/page/html.ts';
import { writeOutput } from '../../core/outputs.ts';
import { count, metric, plural } from '../../core/text.ts';
import type { Interval } from '../../data/statistics/index.ts';
import type { TaskReport } from '../../tasks/index.ts';
import { range } from '../comparison/index.ts';
import { draw, inline } from './figure.ts';
import { writeFigures } from './figure-files.ts';
import { page, type Section } from './page.ts';

type Measured = Readonly<Record<string, { readonly value: number; readonly interval: Interval | null }>>;

/** What the models of a run come to on a labelled table. */
export interface ReportedEvaluation {
  readonly run: string;
  readonly file: string;
  readonly models: number;
  readonly rows: { readonly ids: readonly string[] };
  readonly report: TaskReport;
  readonly metrics: Measured;
  readonly slices: readonly { readonly by: string; readonly value: string; readonly rows: number; readonly metrics: Measured }[];
}

/** Writes an evaluation as a page, and its figures into a folder beside it, `<page>-figures`; answers with their paths. */
export async function writeEvaluationReport(path: string, evaluation: ReportedEvaluation): Promise<readonly string[]> {
  const { run, file, models, rows, report, metrics, slices } = evaluation;
  const drawings = await draw(report.figures);
  const drawn = new Map(drawings.map((drawing) => [drawing.name, inline(drawing)]));
  const heading = {
    title: `${run} on ${file}`,
    subtitle: `${plural(rows.ids.length, 'row')} · ${plural(models, 'model')}`,
    answer: html`<p>${report.answer}</p>`,
  };
  const sections: readonly Section[] = [
    { id: 'result', title: 'Result', body: resultSection(metrics, report.tiles) },
    ...(slices.length === 0 ? [] : [{ id: 'slices', title: 'Parts of the rows', body: slicesSection(slices) }]),
    ...report.sections((name) => drawn.get(name)),
    { id: 'targets', title: 'Targets', body: report.targets },
  ];
  await writeOutput(path, page(heading, sections));
  const { dir, name } = parse(path);
  return [path, ...(await writeFigures(join(dir, `${name}-figures`), drawings))];
}

function resultSection(metrics: Measured, tiles: readonly Html[]): Html {
  const within = (interval: Interval | null): string => (interval === null ? '–' : range(interval));
  const rows = Object.entries(metrics).map(([name, { value, interval }]) => [name, metric(value), within(interval)]);
  return html`<div class="tiles">${tiles}</div>
${table(['metric', 'value', '95 % interval'], rows)}
<p class="muted small">Intervals are the 2.5th and 97.5th percentile over bootstrap samples of the rows.</p>`;
}

function slicesSection(slices: ReportedEvaluation['slices']): Html {
  const names = Object.keys(slices[0]?.metrics ?? {});
  const cell = ({ value, interval }: Measured[string]): Html =>
    html`${metric(value)}${interval !== null && html`<br><span class="muted small">${range(interval)}</span>`}`;
  return table(
    ['rows with', 'value', 'rows', ...names],
    slices.map(({ by, value, rows, metrics }) => [
      by,
      value,
      count(rows),
      ...names.map((name) => (metrics[name] === undefined ? '–' : cell(metrics[name]))),
    ]),
  );
}
