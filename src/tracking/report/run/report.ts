import { join } from 'node:path';
import { writeFileAtomic } from '../../../core/files.ts';
import { minuteOf } from '../../../core/text.ts';
import { safeCell, writeCsv } from '../../../data/tables/index.ts';
import { findingsSection } from './findings.ts';
import { draw, inline, type Drawing } from '../figure.ts';
import { writeFigures } from '../figure-files.ts';
import type { Html } from '../../../core/page/html.ts';
import { page } from '../page.ts';
import { runFigures } from './figures.ts';
import { environmentSection, questionSection, timeSection } from './facts.ts';
import { learningSection, resultSection, resultSentence, textsSection } from './results.ts';
import { readRunStory, type RunStory } from './story.ts';

/**
 * Writes `report.html`, its figures, as `figures/*.svg` and `*.png`, and the tables behind some of its parts, as `figures/*.csv`, into the
 * folder of an evaluated run; answers with their paths.
 *
 * @param decoded the folder of the training rows that the run has decoded; the training table is read where it is left out
 */
export async function writeRunReport(folder: string, decoded?: string): Promise<readonly string[]> {
  const story = await readRunStory(folder, decoded);
  const drawings = await draw(runFigures(story));
  const report = join(folder, 'report.html');
  writeFileAtomic(report, runPage(story, drawings));
  return [report, ...(await writeFigures(join(folder, 'figures'), drawings)), ...writeTables(join(folder, 'figures'), story)];
}

/** What the page shows the beginning of. */
function writeTables(folder: string, { report }: RunStory): readonly string[] {
  return report.tables.map(({ file, columns, rows }) => {
    const path = join(folder, file);
    writeFileAtomic(path, writeCsv(columns, safe(rows)));
    return path;
  });
}

/** People open these in a spreadsheet, and nothing reads them back. */
function safe(rows: readonly (readonly (string | number)[])[]): readonly (readonly (string | number)[])[] {
  return rows.map((row) => row.map(safeCell));
}

function runPage(story: RunStory, drawings: readonly Drawing[]): string {
  const drawn = new Map(drawings.map((drawing) => [drawing.name, inline(drawing)]));
  const show = (name: string): Html | undefined => drawn.get(name);
  const { run, journal } = story;
  const started = journal.startedAt === null ? [] : [`started ${minuteOf(journal.startedAt)}`];
  return page(
    { title: run.name, subtitle: [run.experiment.model.base, ...started].join(' · '), answer: resultSentence(story) },
    [
      { id: 'result', title: 'Result', body: resultSection(story) },
      { id: 'question', title: 'What was asked', body: questionSection(story) },
      ...(story.findings === undefined
        ? []
        : [{ id: 'findings', title: 'Findings about the data', body: findingsSection(story.findings) }]),
      { id: 'learning', title: 'Learning curves', body: learningSection(story, show) },
      ...story.report.sections(show),
      { id: 'texts', title: 'Length of the texts', body: textsSection(story, show) },
      { id: 'time', title: 'Time and memory', body: timeSection(story, show) },
      { id: 'environment', title: 'How to reproduce it', body: environmentSection(story) },
    ],
  );
}
