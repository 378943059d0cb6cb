import { describe, expect, test } from 'vitest';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder, inMixedPrecision, layerOf, print, rewrite, type Builder, type Value } from '../../../src/engine/graph/index.ts';
import { fromOnnx } from '../../../src/engine/graph/onnx/from-onnx.ts';
import { toOnnx } from '../../../src/engine/graph/onnx/to-onnx.ts';
import { openSession } from '../../../src/engine/runtime/session.ts';

describe('a scope', () => {
  test('stands behind its nodes in place of the scope around it, and ends with what it was given to, or with its error', () => {
    const { g, x } = builder();
    const y = g.scope('a', () => g.Exp(g.scope('b.0', () => g.Tanh(x))));
    expect(() => g.scope('c', () => g.Reshape(x, { shape: [5] }))).toThrow();
    g.output('y', g.Neg(y));
    expect(print(g.build())).toMatchInlineSnapshot(`
      "m(x: float32[N, 16]) {
        Tanh_0: float32[N, 16] = Tanh(x)  # b.0
        Exp_1: float32[N, 16] = Exp(Tanh_0)  # a
        Neg_2: float32[N, 16] = Neg(Exp_1)
        return { y: Neg_2 }
      }"
    `);
  });

  test('does not keep equal nodes apart: the first gives the name', () => {
    const { g, x } = builder();
    const first = g.scope('a', () => g.Exp(x));
    expect(g.scope('b', () => g.Exp(x))).toBe(first);
    expect(g.nodes).toMatchObject([{ scope: 'a' }]);
  });

  test('is in the message about operands that do not fit', () => {
    const { g, x } = builder();
    expect(() => g.scope('encoder.layer.3.attention', () => g.MatMul(x, x))).toThrow(
      /^encoder\.layer\.3\.attention: MatMul\(float32\[N, 16\]/,
    );
  });
});

describe('scopes are kept', () => {
  test('by gradients, which are the backward pass of their layer', () => {
    expect([...new Set(trained().nodes.map(({ scope }) => scope))]).toEqual(['a.0', 'loss', 'loss.backward', 'a.0.backward']);
  });

  test('by rewriting, casts for 16 bits among it', () => {
    const scopes = (graph: ReturnType<typeof trained>): unknown => new Set(graph.nodes.map(({ scope }) => scope));
    expect(scopes(rewrite(trained(), () => ({})))).toEqual(scopes(trained()));
    expect(scopes(inMixedPrecision(trained(), 'bfloat16'))).toEqual(scopes(trained()));
  });

  test('in ONNX files, there and back', () => {
    const graph = fromOnnx(toOnnx(trained())).graph;
    expect(graph.nodes.map(({ scope }) => scope)).toEqual(trained().nodes.map(({ scope }) => scope));
  });
});

test('onnxruntime names the layer where a run fails', async () => {
  const { g, x } = builder();
  const at = g.input('at', 'int32', []);
  g.output('y', g.scope('encoder.layer.3.attention', () => g.Gather(x, at, { axis: 0 })));
  const session = await openSession(g.build(), { threads: 1, spinning: false });
  const feeds = {
    x: session.tensor({ dtype: 'float32', shape: [1, 16], data: new Float32Array(16) }),
    at: session.tensor({ dtype: 'int32', shape: [], data: Int32Array.of(7) }),
  };
  await expect(session.run(feeds)).rejects.toThrow("Name:'encoder.layer.3.attention.Gather_0'");
  await session.release();
});

test.each([
  ['bert.encoder.layer.3.attention.self.query.backward', 'bert.encoder.layer.3'],
  ['bert.embeddings.LayerNorm', 'bert.embeddings'],
  ['bert.pooler.dense', 'bert.pooler'],
  ['classifier.0.dropout', 'classifier.0'],
  ['classifier.dropout.backward', 'classifier'],
  ['loss.backward', 'loss'],
  ['', ''],
])('%s is in the layer %s', (scope, layer) => {
  expect(layerOf(scope)).toBe(layer);
});

function builder(): { readonly g: Builder; readonly x: Value } {
  const g = graphBuilder('m');
  return { g, x: g.input('x', 'float32', ['N', 16]) };
}

/** The mean of a dense layer, and its gradient. */
function trained(): ReturnType<Builder['build']> {
  const { g, x } = builder();
  const w = g.input('w', 'float32', [8, 16]);
  const y = g.scope('a.0', () => g.Tanh(g.Gemm(x, w, null, { transB: 1 })));
  const loss = g.scope('loss', () => g.ReduceMean(y, { keepdims: 0 }));
  g.output('loss', loss);
  g.output('dw', gradients(g, loss, [w])[0] as Value);
  return g.build();
}
