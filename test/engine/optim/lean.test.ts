import { expect, test } from 'vitest';
import { graphBuilder, type Graph, type Value } from '../../../src/engine/graph/index.ts';
import { adam, adamw, sgd, type UpdateRule } from '../../../src/engine/optim/index.ts';
import { leanUpdate, plainUpdate, scalarsWithoutDecay } from '../../../src/engine/optim/steps/update-nodes.ts';
import { runGraph, type Fed } from '../../helpers/run-graph.ts';
import { numbers } from './reference.ts';

const rules: readonly (readonly [string, UpdateRule])[] = [
  ['adam', adam({ betas: [0.9, 0.999], eps: 1e-8 })],
  ['adam-amsgrad', adam({ betas: [0.9, 0.999], eps: 1e-8, amsgrad: true })],
  ['adamw', adamw({ betas: [0.8, 0.99], eps: 1e-6 })],
  ['sgd', sgd({ momentum: 0, nesterov: false })],
  ['sgd-momentum', sgd({ momentum: 0.9, nesterov: false, dampening: 0.2 })],
  ['sgd-nesterov', sgd({ momentum: 0.9, nesterov: true })],
];

const FACTOR = 0.3;
const settings = [
  { step: 1, lr: 0, weightDecay: 0.01 }, // the first step of a warm-up
  { step: 1, lr: 0.01, weightDecay: 0 },
  { step: 7, lr: 0.02, weightDecay: 0.1, momentum: 0.5 },
];

test.each(rules)('an update in few passes is the rule itself: %s', async (_name, rule) => {
  for (const at of settings) {
    const names = at.weightDecay === 0 ? scalarsWithoutDecay(rule) : Object.keys(rule.scalars);
    const g = graphBuilder('update');
    const input = (name: string) => g.input(name, 'float32', [5]);
    const scalars = Object.fromEntries(names.map((name) => [name, g.input(name, 'float32', [])]));
    const slots = Object.fromEntries(rule.slots.map((slot) => [slot, input(slot)]));
    const next = leanUpdate(g, rule, {
      p: input('p'),
      gradient: input('g'),
      factor: g.input('factor', 'float32', []),
      whole: (x) => x,
      slots,
      scalars,
    });
    g.output('next.p', next.p);
    for (const slot of rule.slots) g.output(`next.${slot}`, next.slots[slot]!);

    // slots above zero
    const data = (k: number): Float32Array => Float32Array.from({ length: 5 }, (_, i) => Math.sin(2 * i + k) + (k > 1 ? 1.5 : 0));
    const fed = Object.fromEntries(['p', 'g', ...rule.slots].map((name, k): [string, Fed] => [name, { shape: [5], data: data(k) }]));
    const one = (x: number): Fed => ({ shape: [], data: Float32Array.of(x) });
    const found = await runGraph(g.build(), {
      ...fed,
      factor: one(FACTOR),
      ...Object.fromEntries(names.map((name) => [name, one(rule.scalars[name]!(at))])),
    });
    for (let i = 0; i < 5; i += 1) {
      const of = (name: string): number => Number(fed[name]!.data[i]);
      const expected = rule.update(
        numbers,
        of('p'),
        FACTOR * of('g'),
        Object.fromEntries(rule.slots.map((slot) => [slot, of(slot)])),
        Object.fromEntries(Object.entries(rule.scalars).map(([name, value]) => [name, value(at)])),
      );
      expect(Number(found['next.p']!.data[i])).toBeCloseTo(expected.p, 5);
      for (const slot of rule.slots) expect(Number(found[`next.${slot}`]!.data[i]), slot).toBeCloseTo(expected.slots[slot]!, 5);
    }
  }
});

test('Adam takes twelve passes over its tensors instead of seventeen', () => {
  const passes = (update: typeof leanUpdate): number => {
    const rule = adam({ betas: [0.9, 0.999], eps: 1e-8 });
    const g = graphBuilder('update');
    const names = update === leanUpdate ? scalarsWithoutDecay(rule) : Object.keys(rule.scalars);
    const scalars = Object.fromEntries(names.map((name) => [name, g.input(name, 'float32', [])]));
    const [p, gradient, m, v] = ['p', 'g', 'm', 'v'].map((name) => g.input(name, 'float32', [5]));
    const next = update(g, rule, {
      p: p!,
      gradient: gradient!,
      factor: g.input('factor', 'float32', []),
      whole: (x) => x,
      slots: { m: m!, v: v! },
      scalars,
    });
    [next.p, next.slots['m']!, next.slots['v']!].forEach((value, i) => g.output(String(i), value));
    return g.build().nodes.filter(({ outputs: [y] }) => y!.shape.length > 0).length;
  };
  expect([passes(leanUpdate), passes(plainUpdate)]).toEqual([12, 17]);
});

test.each(rules)(
  'the gradient of some rows of a table enters its moments alone, and means what it means among zeros: %s',
  async (name, rule) => {
    const at = { step: 3, lr: 0.1, weightDecay: 0 };
    const graphOf = (update: typeof leanUpdate) => {
      const g = graphBuilder('update');
      const table = (of: string) => g.input(of, 'float32', [4, 2]);
      const [gradient, places] = [g.input('g', 'float32', ['U', 2]), g.input('rows', 'int32', ['U'])];
      const whole = (x: Value, onto: Value = g.expand(g.scalar(0), [4, 2])): Value =>
        g.ScatterElements(onto, g.expand(g.reshape(places, ['U', 1]), ['U', 2]), x, { axis: 0 });
      const names = scalarsWithoutDecay(rule);
      const all = update === leanUpdate ? names : Object.keys(rule.scalars);
      const scalars = Object.fromEntries(all.map((scalar) => [scalar, g.input(scalar, 'float32', [])]));
      const slots = Object.fromEntries(rule.slots.map((slot) => [slot, table(slot)]));
      const next = update(g, rule, { p: table('p'), gradient, factor: g.input('factor', 'float32', []), whole, slots, scalars });
      g.output('next.p', next.p);
      for (const slot of rule.slots) g.output(`next.${slot}`, next.slots[slot]!);
      return g.build();
    };
    const data = (length: number, k: number): Float32Array => Float32Array.from({ length }, (_, i) => 1 + Math.sin(2 * i + k) / 2);
    const feeds: Record<string, Fed> = {
      g: { shape: [2, 2], data: data(4, 0) },
      rows: { shape: [2], data: Int32Array.of(3, 1) },
      ...Object.fromEntries(['p', ...rule.slots].map((of, k) => [of, { shape: [4, 2], data: data(8, k + 1) }])),
      ...Object.fromEntries(
        [['factor', FACTOR] as const, ...Object.entries(rule.scalars).map(([of, value]) => [of, value(at)] as const)].map(([of, x]) => [
          of,
          { shape: [], data: Float32Array.of(x) },
        ]),
      ),
    };
    const run = (graph: Graph) => runGraph(graph, Object.fromEntries(graph.inputs.map((x) => [x.name, feeds[x.name]!])));
    const [lean, plain] = [graphOf(leanUpdate), graphOf(plainUpdate)];
    const [found, expected] = [await run(lean), await run(plain)];
    for (const [of, { data: values }] of Object.entries(expected))
      values.forEach((value, i) => expect(Number(found[of]!.data[i]), of).toBeCloseTo(Number(value), 5));
    // no table of zeros
    if (name.startsWith('adam'))
      expect(lean.nodes.filter(({ inputs: [x] }) => x?.shape.length === 0 && lean.constants.get(x)?.[0] === 0)).toEqual([]);
  },
);

test('what stands for weight decay is told from what is zero by chance', () => {
  expect(scalarsWithoutDecay(adamw({ betas: [0.9, 0.999], eps: 1e-8 }))).toEqual([
    'gain1',
    'beta2',
    'gain2',
    'correction1',
    'correction2',
    'eps',
    'lr',
  ]);
  expect(scalarsWithoutDecay(sgd({ momentum: 0, nesterov: false }))).toEqual(['lr']);
  expect(scalarsWithoutDecay(adam({ betas: [0, 0], eps: 0 }))).toContain('beta2');
});
