import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../src/config/index.ts';
import { afterEpoch, startRules, type Decision, type RulesState } from '../../src/training/fit/rules.ts';

type Training = Experiment['training'];

const plain: Training = {
  loss: { name: 'auto', label_smoothing: 0, class_weights: null, pos_weight: null },
  epochs: 100,
  batch_size: 32,
  micro_batch: null,
  eval_batch_size: 64,
  padding: 'longest',
  batching: 'length-buckets',
  precision: 'float32',
  optimizer: { name: 'adam', lr: 0.001, weight_decay: 0, betas: [0.9, 0.999], eps: 1e-8, no_decay: [] },
  layer_decay: 1,
  head_lr: null,
  ema: null,
  seeds: null,
  refit: false,
  clip_norm: null,
  schedule: { name: 'constant' },
  best_model: { monitor: 'val/f1_macro', mode: 'max' },
  early_stopping: null,
  lr_resets: null,
};
const plateau: Training['schedule'] = {
  name: 'reduce-on-plateau',
  monitor: 'val/loss',
  mode: 'min',
  patience: 1,
  factor: 0.1,
  threshold: 1e-4,
  cooldown: 0,
  min_lr: 0,
};

/** Feeds a script of epochs to the rules until they stop; every metric that a rule may monitor comes from one number. */
function play(training: Training, script: readonly { readonly f1?: number; readonly accuracy?: number; readonly loss?: number }[]) {
  let state: RulesState = startRules(training);
  const log: { readonly epoch: number; readonly lr: number; readonly kinds: readonly Decision['kind'][] }[] = [];
  for (const [i, { f1 = 0, accuracy = 0, loss = 1 }] of script.entries()) {
    const outcome = afterEpoch(training, state, i + 1, { 'val/f1_macro': f1, 'val/accuracy': accuracy, 'val/loss': loss });
    state = outcome.state;
    log.push({ epoch: i + 1, lr: state.lr, kinds: outcome.decisions.map(({ kind }) => kind) });
    if (state.stopped !== null) break;
  }
  return { state, log };
}

describe('the best model', () => {
  it('is the first of equal ones and survives worse epochs', () => {
    const { state } = play(plain, [{ f1: 0.6 }, { f1: 0.8 }, { f1: 0.8 }, { f1: 0.7 }]);
    expect(state.best).toEqual({ epoch: 2, value: 0.8 });
  });

  it('follows the mode', () => {
    const { state } = play({ ...plain, best_model: { monitor: 'val/loss', mode: 'min' } }, [{ loss: 0.5 }, { loss: 0.3 }, { loss: 0.4 }]);
    expect(state.best).toEqual({ epoch: 2, value: 0.3 });
  });

  it('is never an epoch whose metric is not a number', () => {
    const { state } = play(plain, [{ f1: NaN }, { f1: 0.1 }, { f1: NaN }]);
    expect(state.best).toEqual({ epoch: 2, value: 0.1 });
  });
});

describe('early stopping', () => {
  const stopping: Training = { ...plain, early_stopping: { monitor: 'val/accuracy', mode: 'max', patience: 3 } };

  it('stops after `patience` epochs without improvement', () => {
    const { state, log } = play(stopping, [0.5, 0.6, 0.6, 0.59, 0.6, 0.9].map((accuracy) => ({ accuracy })));
    expect(log.length).toBe(5);
    expect(state.stopped).toBe('val/accuracy has not improved for 3 epochs');
    expect(log.map(({ kinds }) => kinds.filter((kind) => kind !== 'best-model'))).toEqual([
      [],
      [],
      ['patience'],
      ['patience'],
      ['stopped'],
    ]);
  });

  it('counts in a sentence the epochs that cost patience', () => {
    const { state } = play(stopping, [{ accuracy: 0.5 }, { accuracy: 0.5 }]);
    const { decisions } = afterEpoch(stopping, state, 3, { 'val/f1_macro': 0, 'val/accuracy': 0.4, 'val/loss': 1 });
    expect(decisions).toEqual([{ kind: 'patience', message: 'val/accuracy has not improved for 2 of 3 epochs' }]);
  });

  it('says that it waits where patience is used up and the rate is still above the reset list’s threshold', () => {
    const waiting: Training = {
      ...stopping,
      early_stopping: { monitor: 'val/accuracy', mode: 'max', patience: 1 },
      lr_resets: { values: [0.05], below: 1e-6 },
    };
    const { state } = play(waiting, [{ accuracy: 0.5 }]);
    const { decisions } = afterEpoch(waiting, state, 2, { 'val/f1_macro': 0, 'val/accuracy': 0.5, 'val/loss': 1 });
    expect(decisions).toEqual([
      {
        kind: 'patience',
        message: 'val/accuracy has not improved for 1 epoch; the next rate of the list waits until this one, 0.001, is below 0.000001',
      },
    ]);
  });

  it('counts afresh after an improvement', () => {
    const { state, log } = play(stopping, [0.5, 0.4, 0.4, 0.6, 0.5, 0.5].map((accuracy) => ({ accuracy })));
    expect(log.length).toBe(6);
    expect(state.stopped).toBeNull();
  });

  it('is off where the configuration says null', () => {
    expect(play(plain, Array.from({ length: 50 }, () => ({ accuracy: 0.1 }))).state.stopped).toBeNull();
  });
});

describe('the plateau schedule', () => {
  it('reduces the rate after patience is exceeded, once an epoch', () => {
    const { log } = play({ ...plain, schedule: plateau }, [1, 1, 1, 1, 1].map((loss) => ({ loss })));
    expect(log.map(({ lr }) => lr)).toEqual([0.001, 0.001, 0.0001, 0.0001, 0.00001]);
    expect(log[2]?.kinds).toContain('rate-reduced');
  });
});

describe('the reset list', () => {
  const resetting: Training = {
    ...plain,
    schedule: plateau,
    early_stopping: { monitor: 'val/accuracy', mode: 'max', patience: 2 },
    lr_resets: { values: [0.05, 0.02], below: 1e-4 },
  };

  it('waits until the rate is below the threshold, takes the next value, starts patience afresh, and stops at its end', () => {
    const { state, log } = play(resetting, Array.from({ length: 60 }, () => ({ accuracy: 0.5, loss: 1 })));
    const resets = log.filter(({ kinds }) => kinds.includes('rate-reset'));
    expect(resets.map(({ lr }) => lr)).toEqual([0.05, 0.02]);
    // 0.001 → 0.0001 (epoch 3) → 0.00001 (epoch 5): the first rate below 1e-4, and patience is used up by then.
    expect(resets[0]?.epoch).toBe(5);
    expect(state.resetsUsed).toBe(2);
    expect(state.stopped).toBe(
      'val/accuracy has not improved for 2 epochs, and all 2 rates of the reset list are used up'.replace(
        '2 epochs',
        `${state.patience?.badEpochs} epochs`,
      ),
    );
    const afterReset = log[5];
    expect(afterReset?.kinds).not.toContain('stopped');
  });

  it('does nothing while the rate is high', () => {
    const { state } = play({ ...resetting, schedule: { name: 'constant' } }, Array.from({ length: 30 }, () => ({ accuracy: 0.5 })));
    expect(state.resetsUsed).toBe(0);
    expect(state.stopped).toBeNull();
  });

  it('lets the plateau go on from the new rate', () => {
    const { log } = play(resetting, Array.from({ length: 9 }, () => ({ accuracy: 0.5, loss: 1 })));
    expect(log.map(({ lr }) => Number(lr.toPrecision(3)))).toEqual([0.001, 0.001, 0.0001, 0.0001, 0.05, 0.05, 0.005, 0.005, 0.0005]);
  });
});
