import { expect, test } from 'vitest';
import { adam } from '../../../src/engine/optim/index.ts';
import { reserve } from '../../../src/engine/runtime/cpu/memory.ts';
import { openUpdater, workspaceLengths } from '../../../src/engine/runtime/cpu/updater.ts';
import { numbers } from '../optim/reference.ts';

const rule = adam({ betas: [0.9, 0.999], eps: 1e-8 });
const at = { step: 1, lr: 0.1, weightDecay: 0.01 };

/** A table that is larger than the working area, with room for several pieces, and a vector that ends inside a piece. */
function large() {
  const [rows, width] = [700, 100];
  const lengths = new Map([['table', rows * width], ['vector', 40001]]);
  const { memories, groups, beside } = reserve([lengths, lengths, lengths], workspaceLengths([width, undefined]));
  const [[parameters, ...slots], [workspace]] = [groups, beside];
  for (const { data } of parameters!.values()) data.forEach((_, i) => (data[i] = Math.sin(i)));
  const trained = [...lengths.keys()].map((name) => ({
    name,
    parameter: parameters!.get(name)!,
    slots: slots.map((regions) => regions.get(name)!),
    group: { lrScale: 1, weightDecay: at.weightDecay },
    width: name === 'table' ? width : undefined,
  }));
  const homes = [{ memory: memories[0]!, workspace: { dense: workspace!.get('dense')!, sparse: workspace!.get('sparse')! } }];
  const updater = openUpdater(rule, homes, trained);
  return {
    updater,
    width,
    table: parameters!.get('table')!.data,
    vector: parameters!.get('vector')!.data,
    sparse: workspace!.get('sparse')!.data,
  };
}

test('gradients larger than the working area reach every element, by row or whole', () => {
  const { updater, width, table, vector, sparse } = large();
  const used = Int32Array.of(699, 0, 163, 164, 350, 12);
  const values = Float32Array.from({ length: used.length * width }, (_, i) => Math.cos(i));
  const whole = Float32Array.from(vector, (_, i) => Math.cos(3 * i));
  const gradients = [{ values, rows: used }, { values: whole, rows: undefined }];

  const squares = [...values, ...whole].reduce((sum, g) => sum + g * g, 0);
  expect(updater.sumOfSquares(gradients) / squares).toBeCloseTo(1, 12);

  const expected = (p: number, g: number): number => {
    const scalars = Object.fromEntries(Object.entries(rule.scalars).map(([name, scalar]) => [name, scalar(at)]));
    return rule.update(numbers, p, g, { m: 0, v: 0 }, scalars).p;
  };
  updater.update(gradients, at, 0.5);
  const gradient = (i: number): number => {
    const place = used.indexOf(Math.floor(i / width));
    return place === -1 ? 0 : 0.5 * values[place * width + (i % width)]!;
  };
  const errors = [
    ...Array.from(table, (p, i) => p - expected(Math.fround(Math.sin(i)), gradient(i))),
    ...Array.from(vector, (p, i) => p - expected(Math.fround(Math.sin(i)), 0.5 * whole[i]!)),
  ];
  expect(errors.every((error) => Math.abs(error) < 1e-6)).toBe(true);
  expect(sparse.every((value) => value === 0)).toBe(true);
});
