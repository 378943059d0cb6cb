import { join } from 'node:path';
import { writeFileAtomic } from '../../core/files.ts';
import { minuteOf } from '../../core/text.ts';
import { writeCsv } from '../../data/csv.ts';
import { safeCell } from '../../data/safe-cells.ts';
import { CLASSES_TABLE, classRows } from './classes.ts';
import { CONFUSION_TABLE, confusionRows } from './figures/confusion.ts';
import { findingsSection } from './findings.ts';
import { draw, inline, type Drawing } from './figure.ts';
import { writeFigures } from './figure-files.ts';
import type { Html } from './html.ts';
import { MISTAKES_TABLE, mistakeRows, mistakesSection } from './mistakes.ts';
import { page } from './page.ts';
import { runFigures } from './run-figures.ts';
import { environmentSection, questionSection, timeSection } from './run-circumstances.ts';
import { learningSection, predictionsSection, resultSection, resultSentence, textsSection } from './run-results.ts';
import { readRunStory, type RunStory } from './run-story.ts';

/**
 * Writes `report.html`, its figures, as `figures/*.svg` and `*.png`, and the tables behind three of its parts, as `figures/*.csv`, into the
 * folder of an evaluated run; answers with their paths.
 */
export async function writeRunReport(folder: string): Promise<readonly string[]> {
  const story = await readRunStory(folder);
  const drawings = await draw(runFigures(story));
  const report = join(folder, 'report.html');
  writeFileAtomic(report, runPage(story, drawings));
  return [report, ...(await writeFigures(join(folder, 'figures'), drawings)), ...writeTables(join(folder, 'figures'), story)];
}

/** What the page shows the beginning of. */
function writeTables(folder: string, story: RunStory): readonly string[] {
  const [confusion, mistakes, classes] = [CONFUSION_TABLE, MISTAKES_TABLE, CLASSES_TABLE].map((name) => join(folder, name)) as [string, string, string];
  const { outOfFold, metrics } = story.run;
  writeFileAtomic(confusion, writeCsv(['target', 'prediction', 'rows', 'share'], safe(confusionRows(outOfFold, metrics.classes))));
  writeFileAtomic(mistakes, writeCsv(['id', 'fold', 'target', 'prediction', 'probability', 'text'], safe(mistakeRows(story))));
  writeFileAtomic(classes, writeCsv(['class', 'rows', 'precision', 'recall', 'f1'], safe(classRows(story.run))));
  return [confusion, mistakes, classes];
}

/** People open these in a spreadsheet, and nothing reads them back. */
function safe(rows: readonly (readonly (string | number)[])[]): readonly (readonly (string | number)[])[] {
  return rows.map((row) => row.map(safeCell));
}

function runPage(story: RunStory, drawings: readonly Drawing[]): string {
  const drawn = new Map(drawings.map((drawing) => [drawing.name, inline(drawing)]));
  const show = (name: string): Html | undefined => drawn.get(name);
  const { run, journal } = story;
  return page({ title: run.name, subtitle: `${run.experiment.model.base} · started ${minuteOf(journal.startedAt)}`, answer: resultSentence(run) }, [
    { id: 'result', title: 'Result', body: resultSection(story) },
    { id: 'question', title: 'What was asked', body: questionSection(story) },
    ...(story.findings === undefined ? [] : [{ id: 'findings', title: 'What the data holds', body: findingsSection(story.findings) }]),
    { id: 'learning', title: 'Learning curves', body: learningSection(story, show) },
    { id: 'predictions', title: 'Out-of-fold predictions', body: predictionsSection(story, show) },
    { id: 'mistakes', title: 'Mistakes', body: mistakesSection(story) },
    { id: 'texts', title: 'Length of the texts', body: textsSection(story, show) },
    { id: 'time', title: 'Time and memory', body: timeSection(story, show) },
    { id: 'environment', title: 'How to repeat it', body: environmentSection(story) },
  ]);
}
