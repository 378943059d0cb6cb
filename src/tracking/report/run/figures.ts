import { foldsFigure, learningFigures, MOST_FOLD_FIGURES } from '../figures/learning.ts';
import { lengthsFigure } from '../figures/lengths.ts';
import { systemFigure, tellsSomething } from '../figures/system.ts';
import type { Figure } from '../../../core/page/figure.ts';
import { modelHistories } from '../../run-metrics.ts';
import type { RunStory } from './story.ts';

/** Every figure of a run's report. */
export function runFigures({ run, journal, lengths, report }: RunStory): readonly Figure[] {
  const { experiment, metrics } = run;
  const models = modelHistories(metrics.folds);
  return [
    ...(models.length > MOST_FOLD_FIGURES
      ? [foldsFigure(models, experiment.training.best_model.monitor)]
      : learningFigures(models, journal.jobs, experiment.training)),
    ...report.figures,
    ...(lengths === undefined ? [] : [lengthsFigure(lengths.lengths, experiment.model.max_seq_length)]),
    ...(tellsSomething(journal.looks) ? [systemFigure(journal.looks, run.environment.machine)] : []),
  ];
}
