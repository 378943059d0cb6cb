import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder, type DType, type Value } from '../../../src/engine/graph/index.ts';
import { byteSource, openSafetensors, readFloats, readIntegers } from '../../../src/engine/models/formats/safetensors.ts';
import { runGraph, type Fed } from '../../helpers/run-graph.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { oracleBuilds, type OracleAttributes } from './oracle-ops.ts';

interface OracleCase {
  readonly name: string;
  readonly op: string;
  readonly attrs: OracleAttributes;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: DType; readonly grad: boolean }[];
  readonly outputs: readonly { readonly index: number; readonly shape: readonly number[] }[];
}

// Values and gradients from PyTorch in float64 (../shared/oracles/README.md): 1e-5 + 1e-5 relative.
const TOLERANCE = 1e-5;

describeShared('values and gradients equal PyTorch', ['oracles', 'ops', 'ops.json'], () => {
  const all = sharedJson<readonly OracleCase[]>('oracles', 'ops', 'ops.json');
  const path = sharedPath('oracles', 'ops', 'ops.safetensors') as string;
  const tensors = openSafetensors(byteSource(path, readFileSync(path)));

  test('every case is here', () => expect(all).toHaveLength(81));

  test.each(all.map((row) => [row.name, row] as const))('%s', async (name, row) => {
    const g = graphBuilder(name);
    const inputs = Object.fromEntries(row.inputs.map((x) => [x.name, g.input(x.name, x.dtype, x.shape)]));
    const ys = [oracleBuilds[row.op]?.(g, inputs, row.attrs) ?? []].flat() as readonly Value[];
    const dys = ys.map((y, i) => g.input(`grad_out.${i}`, 'float32', y.shape));
    const loss = ys.map((y, i) => g.ReduceSum(g.Mul(y, dys[i] as Value), { keepdims: 0 })).reduce((a, b) => g.Add(a, b));
    const varied = row.inputs.filter((x) => x.grad);
    ys.forEach((y, i) => g.output(`out/${i}`, y));
    gradients(g, loss, varied.map((x) => inputs[x.name] as Value)).forEach((dx, i) => g.output(`grad_in/${varied[i]?.name}`, dx));

    const fed = row.inputs.map((x): [string, Fed] => {
      const key = `${name}/in/${x.name}`;
      return [x.name, { shape: x.shape, data: x.dtype === 'float32' ? readFloats(tensors, key) : readIntegers(tensors, key) }];
    });
    const arriving = row.outputs.map(({ index, shape }): [string, Fed] => {
      return [`grad_out.${index}`, { shape, data: readFloats(tensors, `${name}/grad_out/${index}`) }];
    });
    const results = await runGraph(g.build(), Object.fromEntries([...fed, ...arriving]));

    expect(ys.map((y) => y.shape)).toEqual(row.outputs.map(({ shape }) => shape));
    for (const [key, { shape, data }] of Object.entries(results)) {
      expect(shape, key).toEqual(tensors.entries.get(`${name}/${key}`)?.shape);
      const expected = readFloats(tensors, `${name}/${key}`);
      expect(worst(data as Float32Array, expected), key).toBeLessThan(1);
    }
  });
});

/** The largest deviation in units of the tolerance; NaN counts as infinite. */
function worst(actual: Float32Array, expected: Float32Array): number {
  return actual.reduce((most, x, k) => {
    const y = expected[k] ?? NaN;
    const off = Math.abs(x - y) / (TOLERANCE + TOLERANCE * Math.abs(y));
    return Number.isNaN(off) ? Infinity : Math.max(most, off);
  }, 0);
}
