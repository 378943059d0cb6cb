import { expect, test } from 'vitest';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import { maskKey } from '../../../src/engine/optim/index.ts';
import { maskNodes } from '../../../src/engine/optim/steps/mask-nodes.ts';
import { openGraph } from '../../helpers/run-graph.ts';
import { stacks } from '../../../src/engine/optim/steps/stacks.ts';
import { keeps } from './reference.ts';

test.each([false, true])(
  'masks made by the graph are those of the kernel, bit by bit, at every site and step; together: %s',
  async (together) => {
    const specs = [
      { input: 'hidden', shape: ['B*S', 24], rate: 0.1 },
      { input: 'attention', shape: ['B', 3, 'S', 'S'], rate: 0.5 },
      { input: 'again', shape: ['B*S', 24], rate: 0.9 },
      { input: 'features', shape: ['B'], rate: 1 },
      { input: 'never', shape: ['B', 3, 'S', 'S'], rate: 0 },
    ] as const;
    const g = graphBuilder('masks');
    g.input('symbols', 'int32', ['B', 'S']);
    const { masks, keys, starts } = maskNodes(g, specs, together ? stacks(g) : undefined);
    for (const { input } of specs) g.output(input, g.Cast(masks.get(input)!, { to: 'float32' }));
    const graph = await openGraph(g.build());
    for (const [seed, step, B, S] of [
      [42, 1, 2, 3],
      [2 ** 53 - 1, 2 ** 31 + 5, 8, 37],
      [0, 0, 1, 1],
    ] as const) {
      const symbols = { shape: [B, S], data: new Int32Array(B * S) };
      const found = await graph.run({
        symbols,
        ...keys(seed, step),
        ...starts(
          new Map([
            ['B', B],
            ['S', S],
          ]),
        ),
      });
      specs.forEach(({ input, rate }, site) => {
        const { data } = found[input]!;
        const key = maskKey(seed, step, site);
        const bits = Array.from({ length: data.length }, (_, element) => keeps(key, element, rate));
        expect(Buffer.from(Uint8Array.from(data as Float32Array)).equals(Buffer.from(bits)), input).toBe(true);
      });
      expect(found['attention']!.shape).toEqual([B, 3, S, S]);
    }
    await graph.close();
  },
);

test('without dropout a graph has no inputs for masks', () => {
  const g = graphBuilder('none');
  const { masks, keys, starts } = maskNodes(g, []);
  expect([masks.size, keys(1, 1), starts(new Map())]).toEqual([0, {}, {}]);
  expect(g.build().inputs).toEqual([]);
});

test('masks of a shape that are made together take one chain of nodes', () => {
  const nodesOf = (count: number): number => {
    const g = graphBuilder('masks');
    const specs = Array.from({ length: count }, (_, i) => ({ input: `mask${i}`, shape: ['B', 8], rate: 0.1 }));
    const { masks } = maskNodes(g, specs, stacks(g));
    for (const { input } of specs) g.output(input, masks.get(input)!);
    return g.build().nodes.filter(({ op }) => op !== 'Squeeze').length;
  };
  expect(nodesOf(16)).toBe(nodesOf(2));
  expect(nodesOf(17)).toBe(2 * nodesOf(2) - 2); // what follows from the columns alone is shared
});
