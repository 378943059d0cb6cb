import { describe, expect, test } from 'vitest';
import { plateauStart, plateauStep, rateSchedule, type PlateauOptions } from '../../../src/engine/optim/index.ts';
import {
  constantFactor,
  cosineAnnealing,
  cosineRestarts,
  cosineWave,
  linearDecay,
  milestoneDecay,
  oneCycle,
  polynomialDecay,
  scaled,
  stepDecay,
  warmedUp,
  type Schedule,
} from '../../../src/engine/optim/schedules.ts';
import { describeShared, sharedJson } from '../../helpers/shared.ts';

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly lr: number;
  readonly params: Readonly<Record<string, never>>;
  readonly metrics?: readonly number[];
  readonly lrs: readonly number[];
  readonly beta1?: readonly number[];
  readonly momentum?: readonly number[];
}

const parts = ['oracles', 'schedules', 'schedules.json'] as const;

describeShared('schedules equal those of torch and transformers', parts, () => {
  test.each(sharedJson<readonly Case[]>(...parts))('$name', ({ kind, lr, params, metrics, lrs, beta1, momentum = beta1 }) => {
    if (metrics !== undefined) return expectClose(plateauRates(lr, params as unknown as PlateauOptions, metrics), lrs);
    const schedule = scheduleOf(kind, lr, params);
    expectClose(lrs.map((_, step) => schedule(step).lr), lrs);
    if (momentum !== undefined) expectClose(momentum.map((_, step) => schedule(step).momentum), momentum);
  });
});

describe('the schedule of a configuration', () => {
  test('linear: warm-up to the peak, then down to zero', () => {
    const schedule = rateSchedule({ name: 'linear', warmup: 0.2 }, { lr: 1 }, 10)!;
    expectClose(Array.from({ length: 11 }, (_, step) => schedule(step).lr), [0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0]);
  });

  test('cosine: half of the rate half-way, none at the end', () => {
    const schedule = rateSchedule({ name: 'cosine', warmup: 0 }, { lr: 2 }, 8)!;
    expectClose([schedule(0).lr, schedule(4).lr], [2, 1]);
    expect(schedule(8).lr).toBeCloseTo(0, 12);
  });

  const cycle = { name: 'one-cycle', pct_start: 0.5, div_factor: 10, final_div_factor: 100, anneal: 'linear' } as const;

  test("one-cycle: the optimizer's rate is the peak unless another is named; momentum moves the other way", () => {
    const schedule = rateSchedule({ ...cycle, max_lr: null }, { lr: 1 }, 10)!;
    expectClose([schedule(0).lr, schedule(4).lr, schedule(9).lr], [0.1, 1, 0.001]);
    expectClose([schedule(0).momentum, schedule(4).momentum, schedule(9).momentum], [0.95, 0.85, 0.95]);
    expect(rateSchedule({ ...cycle, max_lr: 3 }, { lr: 1 }, 10)!(4).lr).toBeCloseTo(3, 12);
  });

  test.each([1, 2, 3])('one-cycle over %i steps gives rates above zero', (steps) => {
    const schedule = rateSchedule({ ...cycle, max_lr: null }, { lr: 1 }, steps)!;
    for (let step = 0; step < steps; step += 1) expect(schedule(step).lr).toBeGreaterThan(0);
  });

  test('constant and reduce-on-plateau leave the rate of a step to the caller', () => {
    expect(rateSchedule({ name: 'constant' }, { lr: 1 }, 10)).toBeUndefined();
    expect(rateSchedule({ name: 'reduce-on-plateau' }, { lr: 1 }, 10)).toBeUndefined();
  });
});

describe('reduce on plateau', () => {
  const options: PlateauOptions = { mode: 'min', factor: 0.5, patience: 1, threshold: 0, cooldown: 0, min_lr: 0 };

  test('survives a metric that is not a number, which counts as no improvement', () => {
    expect(plateauRates(1, options, [NaN, NaN, Infinity, 0.5, 0.4, 0.4])).toEqual([1, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(plateauRates(1, { ...options, mode: 'max' }, [Infinity, 0.5, 0.6, 0.6, 0.6])).toEqual([1, 1, 1, 1, 0.5]);
  });

  test('goes on from its state as JSON', () => {
    const state = [1, 1].reduce((before, metric) => plateauStep(before, metric, options), plateauStart(1));
    expect(plateauStep(JSON.parse(JSON.stringify(state)), 1, options)).toEqual(plateauStep(state, 1, options));
    expect(JSON.parse(JSON.stringify(plateauStart(1)))).toEqual(plateauStart(1));
  });
});

function plateauRates(lr: number, options: PlateauOptions, metrics: readonly number[]): number[] {
  let state = plateauStart(lr);
  return metrics.map((metric) => (state = plateauStep(state, metric, options)).lr);
}

function scheduleOf(kind: string, lr: number, params: Case['params']): Schedule {
  const { num_warmup_steps: warmup, num_training_steps: steps, num_cycles } = params;
  switch (kind) {
    case 'OneCycleLR':
      return oneCycle(
        { ...(params as object as Parameters<typeof oneCycle>[0]), anneal: params['anneal_strategy']! },
        params['total_steps']!,
      );
    case 'linear_schedule_with_warmup':
      return scaled(lr, warmedUp(warmup!, steps!, linearDecay));
    case 'cosine_schedule_with_warmup':
      return scaled(lr, warmedUp(warmup!, steps!, cosineWave(num_cycles)));
    case 'cosine_with_hard_restarts_schedule_with_warmup':
      return scaled(lr, warmedUp(warmup!, steps!, cosineRestarts(num_cycles!)));
    case 'constant_schedule_with_warmup':
      return scaled(lr, warmedUp(warmup!, Infinity, constantFactor));
    case 'polynomial_decay_schedule_with_warmup':
      return scaled(lr, warmedUp(warmup!, steps!, polynomialDecay(params['power']!, params['lr_end']! / lr)));
    case 'StepLR':
      return scaled(lr, stepDecay(params['step_size']!, params['gamma']!));
    case 'MultiStepLR':
      return scaled(lr, milestoneDecay(params['milestones']!, params['gamma']!));
    case 'ExponentialLR':
      return scaled(lr, stepDecay(1, params['gamma']!));
    case 'CosineAnnealingLR':
      return scaled(lr, cosineAnnealing(params['T_max']!, params['eta_min']! / lr));
    default:
      throw new Error(`a case of a new kind: ${kind}`);
  }
}

function expectClose(actual: readonly (number | undefined)[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(Math.abs((actual[i] ?? NaN) - value), `step ${i}`).toBeLessThanOrEqual(1e-9 * Math.abs(value)));
}
