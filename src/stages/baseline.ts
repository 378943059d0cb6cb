import { join } from 'node:path';
import { count, metric } from '../core/text.ts';
import { targetsAt } from '../data/examples/index.ts';
import { rowsIn, rowsOfFold, type Division as Folds } from '../data/folds/index.ts';
import { linearAnswers, type Division } from '../data/linear/index.ts';
import { runningText, segmentsOf, type Text } from '../data/texts/index.ts';
import { writeColumns } from '../data/tables/index.ts';
import { measured } from '../tasks/index.ts';
import { BASELINE, throwUnlessAligned } from './outputs.ts';
import type { Stage } from './stage.ts';

interface Params {
  readonly only: readonly number[] | null;
}

const needs = { examples: 'one', folds: 'one' } as const;

/** Larger tables have no baseline: it would no longer be a matter of seconds. */
export const MOST_BASELINE_ROWS = 200_000;

/** Of all texts together; where there are more, each is read up to its share. */
const MOST_CHARACTERS = 60e6;
/** The same, times the outputs of a model: the work of one pass over the rows. */
const MOST_WORK = 600e6;

/**
 * What words and pairs of words come to on the same folds: TF-IDF and the linear model of the task, learned from each fold's training
 * rows. Output: baseline.
 */
export const baseline: Stage<Params, Record<never, never>, typeof needs> = {
  name: 'baseline',
  version: 1,
  needs,
  reads: 'training',
  makes: 'baseline',
  writes: () => [BASELINE],
  publishes: {},
  usesDevice: false,
  requires: 'baseline',
  isImplied: true,
  pick: ({ split }) => ({ params: { only: split.only }, files: {} }),
  async run({ params, inputs, output, emit, throwIfStopped }) {
    const { task, labelled: train } = inputs.examples;
    const division = await inputs.folds.division();
    throwUnlessAligned({ stage: 'split', rows: rowsIn(division) }, { stage: 'examples', rows: train.count });
    const tell = (message: string): void => emit({ type: 'notice', level: 'info', message });
    const write = (rows: Int32Array, numbers: Float64Array): void =>
      writeColumns(join(output, BASELINE), new Map<string, Int32Array | Float64Array>([['rows', rows], ['numbers', numbers]]));
    if (train.count > MOST_BASELINE_ROWS) {
      tell(`no baseline, because the table has more than ${count(MOST_BASELINE_ROWS)} rows`);
      return write(new Int32Array(0), new Float64Array(0));
    }
    const [texts, targets, divisions] = [train.texts(), train.targets(), divisionsOf(division, params.only)];
    const most = shareOf(texts, task.outputs);
    if (most !== Infinity) tell(`the baseline reads the first ${count(most)} characters of each text`);
    const weights = train.weights();
    const answers = linearAnswers(texts, targets, divisions, task.linear, {
      mostCharacters: most,
      ...(weights === undefined ? {} : { weights }),
      onDivision: (done) => emit({ type: 'progress', done, total: divisions.length, unit: 'folds' }),
      onStep: throwIfStopped,
    });
    const { rows } = answers;
    const { numbers } = task.ofLinear?.(answers.numbers) ?? answers;
    write(rows, numbers);
    const found = measured(task, targetsAt(targets, rows), { width: numbers.length / rows.length, numbers });
    tell(`TF-IDF with a linear model: ${task.usualMetric} ${metric(found[task.usualMetric])} out of fold`);
  },
};

/** Those of the first repeat that has any to be trained: each row is judged once. */
function divisionsOf(division: Folds, only: readonly number[] | null): readonly Division[] {
  const perRepeat = division.count / division.foldOf.length;
  const folds = Array.from({ length: division.count }, (_, fold) => fold).filter((fold) => only?.includes(fold) !== false);
  const first = Math.floor((folds[0] ?? 0) / perRepeat);
  return folds
    .filter((fold) => Math.floor(fold / perRepeat) === first)
    .map((fold) => rowsOfFold(division, fold))
    .map(({ train: trained, validation: asked }) => ({ trained, asked }));
}

/** The characters that may be read of each text: Infinity where all texts may be read wholly. */
function shareOf(texts: readonly Text[], outputs: number): number {
  const most = Math.min(MOST_CHARACTERS, MOST_WORK / outputs);
  const [of, characters] = [segmentsOf(texts[0] ?? '').length, texts.reduce((sum, text) => sum + runningText(text).length, 0)];
  return characters <= most ? Infinity : Math.floor(most / (of * texts.length));
}
