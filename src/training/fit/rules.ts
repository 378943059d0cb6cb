import type { Experiment } from '../../config/index.ts';
import { figureOf } from '../../core/measures.ts';
import { plural, rate } from '../../core/text.ts';
import { plateauStart, plateauStep, type PlateauState } from '../../engine/optim/index.ts';

type Training = Experiment['training'];

/** What happened at the end of an epoch, besides the numbers. */
export interface Decision {
  readonly kind: 'best-model' | 'patience' | 'rate-reduced' | 'rate-reset' | 'stopped';
  readonly message: string;
}

/** Everything the rules remember between epochs; plain data, so that a checkpoint can hold it. */
export interface RulesState {
  /** The rate in force where no per-step schedule sets it. */
  readonly lr: number;
  readonly best: { readonly epoch: number; readonly value: number } | null;
  readonly patience: { readonly best: number; readonly badEpochs: number } | null;
  readonly plateau: PlateauState | null;
  readonly resetsUsed: number;
  /** Why training ended before its last epoch, or null. */
  readonly stopped: string | null;
}

export interface EpochOutcome {
  readonly state: RulesState;
  /** True where this epoch's weights are the best so far and have to be copied. */
  readonly isBest: boolean;
  readonly decisions: readonly Decision[];
}

export function startRules(training: Training): RulesState {
  const { schedule, optimizer } = training;
  return {
    lr: optimizer.lr,
    best: null,
    patience: null,
    plateau: schedule.name === 'reduce-on-plateau' ? plateauStart(optimizer.lr) : null,
    resetsUsed: 0,
    stopped: null,
  };
}

/**
 * The rules of the end of an epoch, in this order: keep the best model; let the plateau schedule reduce the rate; count
 * patience; when patience is used up, stop, or, with a reset list, wait until the rate has fallen below its threshold,
 * then take the next rate of the list and start patience afresh, and stop when the list is used up.
 */
export function afterEpoch(
  training: Training,
  state: RulesState,
  epoch: number,
  metrics: Readonly<Record<string, number>>,
): EpochOutcome {
  const decisions: Decision[] = [];

  const value = figureOf(metrics, training.best_model.monitor);
  const isBest = improves(value, state.best?.value, training.best_model.mode);
  const best = isBest ? { epoch, value } : state.best;
  if (isBest) decisions.push({ kind: 'best-model', message: `best model so far: ${training.best_model.monitor} ${value.toFixed(4)}` });

  let lr = state.lr;
  let plateau = state.plateau;
  if (training.schedule.name === 'reduce-on-plateau' && plateau !== null) {
    plateau = plateauStep(plateau, figureOf(metrics, training.schedule.monitor), training.schedule);
    if (plateau.lr < lr)
      decisions.push({
        kind: 'rate-reduced',
        message: `${training.schedule.monitor} on a plateau: rate ${rate(lr)} → ${rate(plateau.lr)}`,
      });
    lr = plateau.lr;
  }

  let { patience, resetsUsed } = {
    patience: countPatience(training.early_stopping, state.patience, metrics),
    resetsUsed: state.resetsUsed,
  };
  let stopped: string | null = null;
  const stopping = training.early_stopping;
  if (stopping !== null && patience !== null && patience.badEpochs > 0 && patience.badEpochs < stopping.patience) {
    decisions.push({
      kind: 'patience',
      message: `${stopping.monitor} has not improved for ${patience.badEpochs} of ${stopping.patience} epochs`,
    });
  }
  if (stopping !== null && patience !== null && patience.badEpochs >= stopping.patience) {
    const resets = training.lr_resets;
    const next = resets?.values[resetsUsed];
    const why = `${stopping.monitor} has not improved for ${plural(patience.badEpochs, 'epoch')}`;
    if (resets === null) {
      stopped = why;
    } else if (lr < resets.below) {
      if (next === undefined) {
        stopped = `${why}, and all ${resets.values.length} rates of the reset list are used up`;
      } else {
        decisions.push({
          kind: 'rate-reset',
          message: `${why}: rate ${rate(lr)} → ${rate(next)} (${resetsUsed + 1} of ${resets.values.length} resets)`,
        });
        lr = next;
        if (plateau !== null) plateau = { ...plateau, lr: next };
        patience = { ...patience, badEpochs: 0 };
        resetsUsed += 1;
      }
    } else {
      decisions.push({
        kind: 'patience',
        message: `${why}; the next rate of the list waits until this one, ${rate(lr)}, is below ${rate(resets.below)}`,
      });
    }
    if (stopped !== null) decisions.push({ kind: 'stopped', message: stopped });
  }
  return { state: { lr, best, patience, plateau, resetsUsed, stopped }, isBest, decisions };
}

/** NaN never improves on anything, and anything improves on nothing. */
function improves(value: number, best: number | undefined, mode: 'min' | 'max'): boolean {
  if (Number.isNaN(value)) return false;
  return best === undefined || (mode === 'max' ? value > best : value < best);
}

function countPatience(
  stopping: Training['early_stopping'],
  patience: RulesState['patience'],
  metrics: Readonly<Record<string, number>>,
): RulesState['patience'] {
  if (stopping === null) return null;
  const value = figureOf(metrics, stopping.monitor);
  if (improves(value, patience?.best, stopping.mode)) return { best: value, badEpochs: 0 };
  const unset = stopping.mode === 'max' ? -Infinity : Infinity;
  return { best: patience?.best ?? unset, badEpochs: (patience?.badEpochs ?? 0) + 1 };
}

