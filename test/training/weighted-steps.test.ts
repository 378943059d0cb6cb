import { describe, expect, test } from 'vitest';
import { openLoopTrainer } from '../../src/engine/runtime/cuda/loop-trainer.ts';
import { openTrainer, type Trainer, type TrainerOptions } from '../../src/engine/runtime/index.ts';
import { weighing } from '../../src/tasks/index.ts';
import { expectSame, ROWS, tasks, trained } from './weighted-steps.ts';

type Opener = (options: TrainerOptions) => Promise<Trainer>;
const cpu: Opener = (options) => openTrainer(options);
const loop: Opener = (options) => openLoopTrainer(options, 'cpu'); // what runs on CUDA, but for the provider's name

const each = Object.keys(tasks).flatMap((name) => [['the CPU', cpu, name], ['the loop', loop, name]] as const);

describe('weighted rows', () => {
  test.each(each)('train in parts on %s as in one batch: %3$s', (_, open, name) => expectSame(name, open, cpu));

  test.each(Object.keys(tasks))('that all weigh 1 are rows without weights: %s', async (name) => {
    const [plain, ones] = [await trained(name, cpu, null, null), await trained(name, cpu, null, new Float64Array(ROWS).fill(1))];
    ones.results.forEach(({ loss }, i) => expect(loss).toBeCloseTo(plain.results[i]!.loss, 6));
  });

  test('of which one weighs almost everything are that row', async () => {
    const one = new Float64Array(ROWS).fill(1);
    one[4] = 1e9;
    const alone = new Float64Array(ROWS);
    alone[4] = 1;
    const [huge, only] = [await trained('classes', cpu, 2, one), await trained('classes', cpu, 2, alone)];
    huge.results.forEach(({ loss }, i) => expect(loss).toBeCloseTo(only.results[i]!.loss, 5));
  });

  test('that all weigh 0 teach nothing, and are no number that stops training', async () => {
    for (const micro of [null, 2]) {
      const { results } = await trained('classes', cpu, micro, new Float64Array(ROWS));
      expect(results.map(({ loss, gradientNorm }) => [loss, gradientNorm])).toEqual([[0, 0], [0, 0], [0, 0]]);
    }
    const weights = weighing(tasks['classes']!, { width: 1, values: Float64Array.of(0, 1) }, Float64Array.of(0, 0))!;
    expect([...weights.weights(Int32Array.of(0, 1))]).toEqual([0, 0]);
  });
});
