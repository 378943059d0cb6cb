import { OrtrainError, paused } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import type { Task } from '../../tasks/index.ts';
import type { EpochRecord } from '../../tracking/index.ts';
import type { BestModel, FitState } from './checkpoint.ts';
import { endEpoch } from './end-epoch.ts';
import type { FitOptions } from './fit-options.ts';
import { startRules } from './rules.ts';
import { epochBatches, startPass, trainEpoch, type Divergence } from './train-epoch.ts';

export interface FitResult {
  readonly epochs: readonly EpochRecord[];
  readonly best: BestModel;
  /** Why training ended: `all epochs done`, the stopping rule's sentence, or the divergence. */
  readonly stopped: string;
}

/**
 * Trains until the last epoch or until the rules stop it, and keeps a copy of the best model. Resumes from the last
 * checkpoint, if there is one, as if it had never stopped. A loss that is not finite ends the fold: with the best model
 * so far if there is one, otherwise with an error that names step and rate. Asked to pause, it throws `paused`, and the next call
 * resumes there: schedules know the total of `training.epochs` from the first step on, so a pause changes no number.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { training, emit } = options;
  let state = await firstState(options);
  let diverged: Divergence | undefined;
  while (state.epoch <= training.epochs && state.rules.stopped === null && diverged === undefined) {
    if (state.epoch > (options.pauseAfter ?? Infinity)) {
      await options.checkpoints.save(options.trainer, state);
      throw paused(state.epoch - 1);
    }
    const batches = epochBatches(options, state.epoch);
    const trained = await trainEpoch(options, state, batches);
    if ('sentence' in trained) diverged = trained;
    else state = await endEpoch(options, trained, batches);
  }
  if (diverged !== undefined) emit({ type: 'decision', epoch: state.epoch, kind: 'diverged', message: diverged.sentence });
  if (state.best === null) {
    throw new OrtrainError('run', diverged?.sentence ?? `${training.best_model.monitor} was never a number, so there is no best model`, {
      remedy: remedyFor(diverged, options.task),
    });
  }
  const { epoch, validation: numbers } = state.best;
  const rows = options.validationRows.length;
  const same = rows === 0 ? undefined : options.task.constantPredictions({ width: numbers.length / rows, numbers });
  if (same !== undefined)
    emit({
      type: 'decision',
      epoch,
      kind: 'one-class',
      message: `even the best model ${same}: the rate may be too high, or the training too short`,
    });
  return { epochs: state.epochs, best: state.best, stopped: diverged?.sentence ?? state.rules.stopped ?? 'all epochs done' };
}

function remedyFor(diverged: Divergence | undefined, { watchInstead }: Task): string {
  if (diverged === undefined) return `Watch another metric in training.best_model.monitor, ${watchInstead}`;
  if (diverged.remedy !== undefined) return diverged.remedy;
  // No rate has had a part in the loss of the first step.
  if (diverged.step === 1)
    return (
      'It was not finite before any training: the weights of model.base are too large or belong to another configuration; ' +
      'take another checkpoint.'
    );
  return 'Lower training.optimizer.lr, or limit the gradients with training.clip_norm.';
}

/** Where the last checkpoint was made, or the beginning. A damaged checkpoint costs the time since the beginning, not the run. */
async function firstState(options: FitOptions): Promise<FitState> {
  const { trainer, training, checkpoints, emit } = options;
  const fresh: FitState = { epoch: 1, pass: startPass(options), rules: startRules(training), epochs: [], best: null };
  try {
    const saved = await checkpoints.restore(trainer);
    if (saved !== null)
      emit({ type: 'notice', level: 'info', message: `resuming at epoch ${saved.epoch}, after ${plural(saved.pass.batches, 'step')}` });
    return saved ?? fresh;
  } catch (error) {
    if (!(error instanceof OrtrainError)) throw error;
    emit({ type: 'notice', level: 'warning', message: `${error.message}, so the fold starts from its beginning` });
    checkpoints.clear();
    return fresh;
  }
}
