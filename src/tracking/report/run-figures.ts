import { calibrationFigure, calibrationOf } from './figures/calibration.ts';
import { confusionFigure } from './figures/confusion.ts';
import { foldsFigure, learningFigures, MOST_FOLD_FIGURES } from './figures/learning.ts';
import { lengthsFigure } from './figures/lengths.ts';
import { precisionRecallFigure, rankings, rocFigure, thresholdFigure } from './figures/ranking.ts';
import { systemFigure, tellsSomething } from './figures/system.ts';
import type { Figure } from './figure.ts';
import type { RunStory } from './run-story.ts';

/** Every figure of a run's report. */
export function runFigures({ run, journal, lengths }: RunStory): readonly Figure[] {
  const { experiment, metrics, outOfFold } = run;
  const ranked = rankings(outOfFold, metrics.classes);
  const [only] = ranked;
  return [
    ...(metrics.folds.length > MOST_FOLD_FIGURES ? [foldsFigure(metrics.folds, experiment.training.best_model.monitor)] : learningFigures(metrics.folds, journal.tasks, experiment.training)),
    confusionFigure(outOfFold, metrics.classes),
    rocFigure(ranked, outOfFold.folds),
    precisionRecallFigure(ranked, outOfFold.folds),
    calibrationFigure(calibrationOf(outOfFold, metrics.classes)),
    ...(metrics.classes.length === 2 && only !== undefined ? [thresholdFigure(only)] : []),
    ...(lengths === undefined ? [] : [lengthsFigure(lengths.lengths, experiment.model.max_seq_length)]),
    ...(tellsSomething(journal.looks) ? [systemFigure(journal.looks, run.environment.machine)] : []),
  ];
}
