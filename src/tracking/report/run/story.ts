import { join } from 'node:path';
import type { Finding } from '../../../data/findings/index.ts';
import { OUT_OF_FOLD, type TaskReport, type TrainTexts } from '../../../tasks/index.ts';
import { readEvaluatedRun, type EvaluatedRun } from '../../evaluated-run.ts';
import { readHistory } from '../../history.ts';
import { readFindings } from './findings.ts';
import { journalStory, type JournalStory } from './journal-story.ts';
import { conflictingTexts, countTokens, readTrainTexts, type TokenLengths } from './texts.ts';

/** All that the report of a run shows, gathered from its folder and the training table. */
export interface RunStory {
  readonly run: EvaluatedRun;
  readonly journal: JournalStory;
  /** What the task has to show. */
  readonly report: TaskReport;
  readonly texts: TrainTexts;
  readonly lengths: TokenLengths | undefined;
  /** Undefined where nobody has looked at the data before training. */
  readonly findings: readonly Finding[] | undefined;
}

/** @param decoded the folder of the training rows that the run has decoded; the training table is read where it is left out */
export async function readRunStory(folder: string, decoded?: string): Promise<RunStory> {
  const run = await readEvaluatedRun(folder);
  const texts = await readTrainTexts(run, decoded);
  const examples = 'examples' in texts ? texts.examples : undefined;
  const conflicts = examples === undefined ? [] : conflictingTexts(examples);
  return {
    run,
    journal: journalStory(readHistory(join(folder, 'journal.jsonl'))),
    report: run.task.report({ words: OUT_OF_FOLD, outOfFold: run.outOfFold, metrics: run.metrics.oof, texts, conflicts }),
    texts,
    lengths: examples === undefined ? undefined : await countTokens(run, examples),
    findings: readFindings(folder),
  };
}
