import { expect, test } from 'vitest';
import { print } from '../../../src/engine/graph/index.ts';
import { adam, adamw, deviceStep, sgd, type UpdateRule } from '../../../src/engine/optim/index.ts';
import { openTrainer } from '../../../src/engine/runtime/index.ts';
import { deviceRun } from '../optim/device-run.ts';
import { batches, feedsOf, forwardProgram, initial, stepProgram } from './small-model.ts';
import { decayed, threeGroups } from '../../helpers/parameter-groups.ts';

const rules: readonly (readonly [string, UpdateRule, number | null])[] = [
  ['adam', adam({ betas: [0.9, 0.999], eps: 1e-8 }), 0.5],
  ['adamw', adamw({ betas: [0.9, 0.99], eps: 1e-8 }), null],
  ['sgd with nesterov', sgd({ momentum: 0.9, nesterov: true }), 0.3],
  ['sgd without state', sgd({ momentum: 0, nesterov: false }), null],
];

test.each(
  rules.flatMap(
    (rule) =>
      [
        [...rule, false],
        [...rule, true],
      ] as const,
  ),
)('the whole step as one graph trains as the CPU trainer does: %s', async (_name, rule, clipNorm, stacked) => {
  const optimizer = { rule, group: threeGroups };
  const source = initial();
  const trainer = await openTrainer({
    step: stepProgram(),
    forward: forwardProgram(),
    source: (spec, into) => into.set(source[spec.name]!),
    threads: 1,
    optimizer,
    clipNorm,
    seed: 7,
  });
  const device = await deviceRun(stepProgram(), source, optimizer, clipNorm, 7, { stacked });
  for (let step = 0; step < 12; step += 1) {
    const feeds = feedsOf(batches[step % batches.length]!);
    const rates = { lr: 0.02 + 0.001 * step, momentum: 0.85 };
    const [expected, found] = [await trainer.step(feeds, rates), await device.step(feeds, rates)];
    expect(found.loss).toBeCloseTo(expected.loss, 6);
    expect(found.gradientNorm).toBeCloseTo(expected.gradientNorm, 5);
    found.logits.forEach((y, b) => expect(y).toBeCloseTo(expected.logits[b]!, 5));
  }
  const { slots } = await trainer.optimizerState();
  const expected = {
    ...(await trainer.snapshot()),
    ...Object.fromEntries(
      Object.entries(slots).flatMap(([slot, tensors]) => Object.entries(tensors).map(([name, data]) => [`${slot}.${name}`, data])),
    ),
  };
  expect(Object.keys(device.state).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected))
    values.forEach((value, i) => expect(device.state[name]![i], `${name}[${i}]`).toBeCloseTo(value, 5));
  await trainer.release();
  await device.close();
});

test('reads as a program', () => {
  expect(print(deviceStep(stepProgram(), { rule: sgd({ momentum: 0.9, nesterov: false }), group: decayed(0.01) }, 1).graph)).toMatchSnapshot();
});
