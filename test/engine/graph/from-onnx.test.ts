import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { RandomState } from '../../../src/core/random.ts';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { fromOnnx, type OnnxOptions } from '../../../src/engine/graph/onnx/from-onnx.ts';
import { graphBuilder, print, rewrite, type Graph } from '../../../src/engine/graph/index.ts';
import { toOnnx } from '../../../src/engine/graph/onnx/to-onnx.ts';
import {
  floatTensor,
  longTensor,
  onnxFile,
  tensorType,
  unshapedType,
  type RawAttribute,
  type RawModel,
  type RawNode,
} from '../../helpers/onnx-file.ts';
import { runGraph, type Fed } from '../../helpers/run-graph.ts';
import { cases } from '../autodiff/cases.ts';
import { tinyConfig } from '../models/tiny.ts';
import { classifierHeadStep, classifierStep } from '../../helpers/class-steps.ts';

/** The program with its generated names counted anew. */
function renumbered(graph: Graph): string {
  return print(rewrite(graph, () => ({})));
}

function expectRoundTrip(graph: Graph): void {
  expect(renumbered(fromOnnx(toOnnx(graph)).graph)).toBe(renumbered(graph));
}

describe('our own bytes give the same program', () => {
  // Identity is how ONNX spells a second name; it is not read as a node. Skew and Unskew are written as operators that cut by lengths which
  // only a run knows, and these are not read.
  const withRows = Object.entries(cases).filter(([op]) => !['Identity', 'Skew', 'Unskew'].includes(op));

  test.each(withRows)('%s and its gradients', (op, list) => {
    list.forEach(({ inputs, build }, i) => {
      const g = graphBuilder(`${op}-${i}`);
      const xs = inputs.map(({ dtype, shape }, n) => g.input(`x${n}`, dtype, shape));
      const ys = [build(g, xs)].flat();
      const loss = ys.map((y) => g.ReduceSum(y, { keepdims: 0 })).reduce((a, b) => g.Add(a, b));
      ys.forEach((y, n) => g.output(`y${n}`, y));
      gradients(g, loss, xs).forEach((dx, n) => g.output(`d${n}`, dx));
      expectRoundTrip(g.build());
    });
  });

  test('a training step of BERT, and of a head', () => {
    const head = { dense: [4], dropout: 0.1, activation: 'relu' } as const;
    expectRoundTrip(classifierStep({ encoder: tinyConfig({ num_hidden_layers: 2 }), head, outputs: 3 }).graph);
    expectRoundTrip(classifierHeadStep({ width: 8, head, outputs: 1 }).graph);
  });

  test('lengths that are computed when the graph runs, and operators without derivatives', () => {
    const g = graphBuilder('lengths');
    const x = g.input('x', 'float32', ['B', 'S', 6]);
    g.output('count', g.Cast(g.Div(g.Size(x), g.Size(g.Shape(x))), { to: 'float32' }));
    g.output('folded', g.reshape(x, ['2*B', '3*S']));
    const [quantized, scale, zero] = g.DynamicQuantizeLinear(x);
    g.output('product', g.MatMulInteger(quantized, g.constant(new Int8Array(12), 'int8', [6, 2]), zero));
    g.output('scale', scale);
    g.output('both', g.And(g.Greater(x, g.scalar(0)), g.Not(g.Equal(x, g.scalar(1)))));
    expectRoundTrip(g.build());
  });

  test('names that the file has taken are left to it', () => {
    const g = graphBuilder('taken', ['Exp_1']);
    const x = g.input('Neg_0', 'float32', [2]);
    g.output('Exp_1', g.Relu(g.Exp(g.Neg(x))));
    const { graph } = fromOnnx(toOnnx(g.build()));
    expect(print(graph)).toMatchInlineSnapshot(`
      "taken(Neg_0: float32[2]) {
        Neg_0_: float32[2] = Neg(Neg_0)
        Exp_1_: float32[2] = Exp(Neg_0_)
        Relu_2: float32[2] = Relu(Exp_1_)
        return { Exp_1: Relu_2 }
      }"
    `);
  });
});

const random = new RandomState(7);
const reals = (...shape: number[]): Fed => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform(-2, 2)),
});
const X = reals(2, 3, 4);

/** One node, or several, of an exporter: [operator, inputs, attributes], each making y of the last one's. */
const chain = (...steps: readonly (readonly [string, readonly string[], Readonly<Record<string, RawAttribute>>?])[]): readonly RawNode[] =>
  steps.map(([op, inputs, attributes = {}], i) => ({ op, inputs, outputs: [i === steps.length - 1 ? 'y' : `v${i}`], attributes }));

interface Idiom {
  readonly opset: number;
  readonly nodes: readonly RawNode[];
  readonly tensors?: RawModel['tensors'];
}

const ints = (name: string, ...list: readonly number[]): ReturnType<typeof longTensor> => longTensor(name, [list.length], list);
const int = (name: string, value: number): ReturnType<typeof longTensor> => longTensor(name, [], [value]);
const real = (name: string, value: number): ReturnType<typeof floatTensor> => floatTensor(name, [], [value]);
const slopes = floatTensor('slopes', [4], [0.1, 0.2, 0.3, 0.4]);

/** What other exporters write for an x [B, S, 4]. The reference is the runtime's own reading of the same bytes. */
const idioms: Readonly<Record<string, Idiom>> = {
  'view(size(0), -1) of PyTorch': {
    opset: 14,
    tensors: [int('zero', 0), ints('axes', 0), ints('rest', -1)],
    nodes: chain(
      ['Shape', ['x']],
      ['Gather', ['v0', 'zero'], { axis: 0n }],
      ['Unsqueeze', ['v1', 'axes']],
      ['Concat', ['v2', 'rest'], { axis: 0n }],
      ['Reshape', ['x', 'v3']],
    ),
  },
  'heads by Slice and Div of lengths': {
    opset: 15,
    tensors: [ints('from', 0), ints('to', 2), ints('two', 2), ints('last', -1)],
    nodes: chain(
      ['Shape', ['x']],
      ['Slice', ['v0', 'from', 'to']],
      ['Shape', ['x'], { start: -1n }],
      ['Div', ['v2', 'two']],
      ['Concat', ['v1', 'two', 'v3'], { axis: 0n }],
      ['Reshape', ['x', 'v4']],
    ),
  },
  'Mod of lengths, which has no row': {
    opset: 13,
    tensors: [int('last', 2), int('three', 3), ints('axes', 0), ints('rest', -1)],
    nodes: chain(['Shape', ['x']], ['Gather', ['v0', 'last']], ['Mod', ['v1', 'three']], ['Unsqueeze', ['v2', 'axes']], ['Concat', ['v3', 'rest'], { axis: 0n }], ['Reshape', ['x', 'v4']]),
  },
  'a length that numbers are made from': { opset: 13, tensors: [int('last', 2)], nodes: chain(['Shape', ['x']], ['Gather', ['v0', 'last']], ['Cast', ['v1'], { to: 1n }], ['Div', ['x', 'v2']]) },
  'a zero copies an axis': { opset: 14, tensors: [ints('to', 0, 0, 2, -1)], nodes: chain(['Reshape', ['x', 'to']]) },
  'Flatten': { opset: 13, nodes: chain(['Flatten', ['x'], { axis: 2n }]) },
  'Dropout of a model in evaluation': { opset: 13, tensors: [real('half', 0.5)], nodes: chain(['Dropout', ['x', 'half']], ['Neg', ['v0']]) },
  'LeakyRelu': { opset: 16, nodes: chain(['LeakyRelu', ['x'], { alpha: 0.25 }]) },
  'LeakyRelu by default': { opset: 16, nodes: chain(['LeakyRelu', ['x']]) },
  'PRelu': { opset: 16, tensors: [slopes], nodes: chain(['PRelu', ['x', 'slopes']]) },
  'Elu': { opset: 16, nodes: chain(['Elu', ['x'], { alpha: 0.7 }]) },
  'Gelu of opset 20': { opset: 20, nodes: chain(['Gelu', ['x']]) },
  'Softmax of opset 11: several axes as a row': { opset: 11, nodes: chain(['Softmax', ['x']]) },
  'LogSoftmax of opset 11 over the last axis': { opset: 11, nodes: chain(['LogSoftmax', ['x'], { axis: -1n }]) },
  'ReduceSum of opset 11': { opset: 11, nodes: chain(['ReduceSum', ['x'], { axes: [1n], keepdims: 0n }]) },
  'ReduceSum of opset 13': { opset: 13, tensors: [ints('axes', -1)], nodes: chain(['ReduceSum', ['x', 'axes']]) },
  'ReduceSum of nothing': { opset: 13, nodes: chain(['ReduceSum', ['x'], { noop_with_empty_axes: 1n }], ['Neg', ['v0']]) },
  'ReduceMean of opset 18': { opset: 18, tensors: [ints('axes', 0, 1)], nodes: chain(['ReduceMean', ['x', 'axes'], { keepdims: 0n }]) },
  'ReduceMax of everything': { opset: 18, nodes: chain(['ReduceMax', ['x'], { keepdims: 0n }]) },
  'Unsqueeze and Squeeze of opset 11': {
    opset: 11,
    nodes: chain(['Unsqueeze', ['x'], { axes: [0n, 2n] }], ['Squeeze', ['v0'], { axes: [0n] }]),
  },
  'Squeeze of whatever is 1': { opset: 13, tensors: [ints('axes', 0, 4)], nodes: chain(['Unsqueeze', ['x', 'axes']], ['Squeeze', ['v0']]) },
  'Slice of opset 9': { opset: 9, nodes: chain(['Slice', ['x'], { starts: [1n], ends: [3n], axes: [2n] }]) },
  'Slice to the end, axes left out': {
    opset: 13,
    tensors: [ints('from', 0, 0), longTensor('to', [2], [2 ** 62, 2 ** 62])],
    nodes: chain(['Slice', ['x', 'from', 'to']]),
  },
  'Split in equal parts': {
    opset: 13,
    nodes: [{ op: 'Split', inputs: ['x'], outputs: ['a', 'b'], attributes: { axis: 2n } }, ...chain(['Sub', ['b', 'a']])],
  },
  'Split of opset 18': {
    opset: 18,
    nodes: [
      { op: 'Split', inputs: ['x'], outputs: ['a', 'b', 'c', 'd'], attributes: { axis: -1n, num_outputs: 4n } },
      ...chain(['Concat', ['c', 'a'], { axis: 2n }]),
    ],
  },
  'Transpose by default': { opset: 13, nodes: chain(['Transpose', ['x']]) },
  'Clip of opset 6 and of opset 11': { opset: 11, tensors: [real('low', -0.5)], nodes: chain(['Clip', ['x', 'low']]) },
  'Clip with attributes': { opset: 10, nodes: chain(['Clip', ['x'], { max: 0.5 }]) },
  'Pad of opset 10': { opset: 10, nodes: chain(['Pad', ['x'], { pads: [0n, 0n, 1n, 0n, 0n, 2n], value: 3.5 }]) },
  'Pad of opset 13': { opset: 13, tensors: [ints('pads', 0, 0, 1, 0, 0, 0)], nodes: chain(['Pad', ['x', 'pads'], { mode: 'constant' }]) },
  'Pow with a whole exponent': { opset: 15, tensors: [int('two', 2)], nodes: chain(['Pow', ['x', 'two']]) },
  'Sum, Max and Min of three': { opset: 13, tensors: [slopes, real('one', 1)], nodes: chain(['Sum', ['x', 'slopes', 'one']], ['Max', ['v0', 'x', 'slopes']], ['Min', ['v1', 'one', 'x']]) },
  'comparisons': {
    opset: 16,
    tensors: [real('zero', 0), real('one', 1)],
    nodes: chain(['GreaterOrEqual', ['x', 'one']], ['LessOrEqual', ['x', 'zero']], ['Or', ['v0', 'v1']], ['Where', ['v2', 'x', 'zero']]),
  },
  'ConstantOfShape of a length': {
    opset: 13,
    nodes: chain(['Shape', ['x']], ['ConstantOfShape', ['v0'], { value: floatTensor('', [1], [2.5]) }], ['Mul', ['x', 'v1']]),
  },
  'Expand to ones': { opset: 13, tensors: [ints('to', 2, 1, 1, 1)], nodes: chain(['Expand', ['x', 'to']]) },
  'Constant nodes': {
    opset: 13,
    nodes: [
      { op: 'Constant', inputs: [], outputs: ['half'], attributes: { value_float: 0.5 } },
      { op: 'Constant', inputs: [], outputs: ['to'], attributes: { value_ints: [-1n, 4n] } },
      { op: 'Constant', inputs: [], outputs: ['w'], attributes: { value: floatTensor('', [4, 1], [1, 2, 3, 4]) } },
      ...chain(['Reshape', ['x', 'to']], ['MatMul', ['v0', 'w']], ['Add', ['v1', 'half']]),
    ],
  },
  'LayerNormalization with one output': {
    opset: 17,
    tensors: [slopes],
    nodes: chain(['LayerNormalization', ['x', 'slopes'], { stash_type: 1n }]),
  },
};

function rawModel({ opset, nodes, tensors = [] }: Idiom): RawModel {
  return {
    opset,
    nodes,
    tensors,
    inputs: { x: tensorType('float32', 'batch_size', 'length', 4) },
    outputs: { y: unshapedType('float32') },
  };
}

async function runBytes(bytes: Uint8Array, feeds: Readonly<Record<string, Fed>>): Promise<Fed> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const tensors = Object.entries(feeds).map(
    ([name, { shape, data }]) => [name, new Tensor('float32', data as Float32Array, shape)] as const,
  );
  const { y } = await session.run(Object.fromEntries(tensors));
  await session.release();
  return { shape: y?.dims ?? [], data: y?.data as Float32Array };
}

describe('what other exporters write', () => {
  test.each(Object.entries(idioms))('%s', async (_, idiom) => {
    const bytes = onnxFile(rawModel(idiom));
    const expected = await runBytes(bytes, { x: X });
    const { y } = await runGraph(fromOnnx(bytes).graph, { x: X });
    expect(y?.shape).toEqual(expected.shape);
    expect(expected.data.length).toBeGreaterThan(0);
    for (const [i, value] of expected.data.entries()) expect(Math.abs(Number(y?.data[i]) - Number(value))).toBeLessThan(1e-6);
  });

  test('a file as Node reads it: a Buffer, whose slices share memory', () => {
    const { parameters } = fromOnnx(Buffer.from(onnxFile(sklearn)), { outputs: ['scores'], parameters: 'weights' });
    expect(parameters.get('coefficient')).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  test('shapes computed at run time become symbols', () => {
    const { graph } = fromOnnx(onnxFile(rawModel(idioms['heads by Slice and Div of lengths'] as Idiom)));
    expect(graph.outputs.get('y')?.shape).toEqual(['batch_size', 'length', 2, 2]);
  });
});

/** As scikit-learn's multilayer perceptron is exported: the classes come out of operators that have no derivative. */
const sklearn: RawModel = {
  opset: 13,
  inputs: { X: tensorType('float32', null, 2) },
  outputs: { label: tensorType('int64', null), probabilities: tensorType('float32', null, 2) },
  tensors: [
    floatTensor('coefficient', [2, 3], [1, 2, 3, 4, 5, 6]),
    floatTensor('intercepts', [1, 3], [0, 0, 0]),
    floatTensor('coefficient1', [3, 2], [1, 0, 0, 1, 1, 1]),
    floatTensor('intercepts1', [1, 2], [0, 0]),
    floatTensor('twin', [1, 3], [0, 0, 0]),
    ints('classes', 0, 1),
  ],
  nodes: [
    { op: 'MatMul', inputs: ['X', 'coefficient'], outputs: ['product'] },
    { op: 'Add', inputs: ['product', 'intercepts'], outputs: ['sum'] },
    { op: 'Add', inputs: ['sum', 'twin'], outputs: ['sum2'] },
    { op: 'Relu', inputs: ['sum2'], outputs: ['hidden'] },
    { op: 'MatMul', inputs: ['hidden', 'coefficient1'], outputs: ['product1'] },
    { op: 'Add', inputs: ['product1', 'intercepts1'], outputs: ['scores'] },
    { op: 'Softmax', inputs: ['scores'], outputs: ['probabilities'] },
    { op: 'ArgMax', inputs: ['probabilities'], outputs: ['best'] },
    { op: 'ArrayFeatureExtractor', domain: 'ai.onnx.ml', inputs: ['classes', 'best'], outputs: ['label'] },
  ],
};

function read(model: RawModel, options: OnnxOptions = {}): string {
  return print(fromOnnx(onnxFile(model), options).graph);
}

function problemOf(action: () => unknown): OrtrainError {
  try {
    action();
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('choices of the caller', () => {
  test('a value in the middle, named lengths, and weights as parameters: two equal tensors stay two', () => {
    expect(read(sklearn, { outputs: ['scores'], shapes: { X: ['B', 2] }, parameters: 'weights' })).toMatchInlineSnapshot(`
      "main_graph(X: float32[B, 2], coefficient: float32[2, 3], intercepts: float32[1, 3], coefficient1: float32[3, 2], intercepts1: float32[1, 2], twin: float32[1, 3]) {
        MatMul_0: float32[B, 3] = MatMul(X, coefficient)  # MatMul
        Add_1: float32[B, 3] = Add(MatMul_0, intercepts)  # Add
        Add_2: float32[B, 3] = Add(Add_1, twin)  # Add
        Relu_3: float32[B, 3] = Relu(Add_2)  # Relu
        MatMul_4: float32[B, 2] = MatMul(Relu_3, coefficient1)  # MatMul
        Add_5: float32[B, 2] = Add(MatMul_4, intercepts1)  # Add
        return { scores: Add_5 }
      }"
    `);
  });

  test('some of the weights, with their values', () => {
    const { graph, parameters } = fromOnnx(onnxFile(sklearn), { outputs: ['scores'], parameters: (name) => name.endsWith('1') });
    expect(graph.inputs.map(({ name }) => name)).toEqual(['X', 'coefficient1', 'intercepts1']);
    expect([...parameters.keys()]).toEqual(['coefficient1', 'intercepts1']);
    expect(parameters.get('coefficient1')).toEqual(Float32Array.of(1, 0, 0, 1, 1, 1));
    expect(graph.inputs[0]?.shape).toEqual(['X.0', 2]);
  });

  test('bounds that an operator keeps as attributes are no parameters', () => {
    const model = rawModel({
      opset: 13,
      tensors: [real('low', -0.5), slopes],
      nodes: chain(['Clip', ['x', 'low']], ['Mul', ['v0', 'slopes']]),
    });
    expect([...fromOnnx(onnxFile(model), { parameters: () => true }).parameters.keys()]).toEqual(['slopes']);
  });
});

describe('what cannot be read', () => {
  test('operators, all of them by name, with those that can', () => {
    const error = problemOf(() => read(sklearn));
    expect(error.code).toBe('data');
    expect(error.message).toBe('the ONNX graph main_graph has operators that cannot be read: ArgMax, ai.onnx.ml.ArrayFeatureExtractor');
    expect(error.problems.map(({ message }) => message)).toEqual([
      'there is no operator ArgMax, used in the node /ArgMax/best',
      'there is no operator ai.onnx.ml.ArrayFeatureExtractor, used in the node /ArrayFeatureExtractor/label',
    ]);
    expect(error.remedy).toMatch(/Abs, Add, And, .*Flatten.*Where/);
  });

  const refused: Readonly<Record<string, readonly [Idiom, RegExp]>> = {
    'a shape that depends on data': [
      { opset: 13, nodes: chain(['Cast', ['x'], { to: 7n }], ['Reshape', ['x', 'v0']]) },
      /\/Reshape\/y \(Reshape\).*takes input 1 as a constant, or as lengths/,
    ],
    'an attribute without a counterpart': [
      { opset: 13, tensors: [ints('pads', 0, 0, 1, 0, 0, 0)], nodes: chain(['Pad', ['x', 'pads'], { mode: 'reflect' }]) },
      /not by reflect/,
    ],
    'an attribute that is not known': [{ opset: 13, nodes: chain(['Relu', ['x'], { power: 2n }]) }, /an attribute power/],
    'a bound that is computed': [
      { opset: 13, nodes: chain(['ReduceMax', ['x'], { keepdims: 0n }], ['Clip', ['x', 'v0']]) },
      /takes input 1 as a constant only/,
    ],
    'operands that do not fit': [
      { opset: 13, tensors: [floatTensor('w', [3, 1], [1, 2, 3])], nodes: chain(['MatMul', ['x', 'w']]) },
      /inner axes differ: 4 and 3/,
    ],
    'a value that nothing makes': [{ opset: 13, nodes: chain(['Add', ['x', 'z']]) }, /uses z, which nothing before it makes/],
    'Mod of data': [{ opset: 13, nodes: chain(['Mod', ['x', 'x'], { fmod: 1n }]) }, /supported for lengths only/],
    'float64': [{ opset: 13, nodes: chain(['Cast', ['x'], { to: 11n }]) }, /of type DOUBLE; supported are float32/],
    'an old opset': [{ opset: 6, nodes: chain(['Relu', ['x']]) }, /of opset 6; 7 and later/],
    'a tensor that is too short': [
      { opset: 13, tensors: [floatTensor('w', [4, 2], [1, 2, 3])], nodes: chain(['MatMul', ['x', 'w']]) },
      /w has 3 elements for the shape \[4, 2\]/,
    ],
    'an output that nothing makes': [{ opset: 13, nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['other'] }] }, /has no value y/],
    'an unknown length as -1': [
      { opset: 13, tensors: [ints('to', 7, -1)], nodes: chain(['Reshape', ['x', 'to']]) },
      /cannot tell which length of \[batch_size, length, 4\] is -1/,
    ],
  };

  test.each(Object.entries(refused))('%s', (_, [idiom, message]) => {
    const error = problemOf(() => read(rawModel(idiom)));
    expect(error.code).toBe('data');
    expect(error.message).toMatch(message);
  });

  test('bytes that are no model, or a damaged one, end in a data error and nothing else', () => {
    const whole = onnxFile(sklearn);
    const damaged = [
      new Uint8Array(),
      new TextEncoder().encode('not a model'),
      ...Array.from({ length: 200 }, (_, i) => whole.slice(0, Math.floor((i * whole.length) / 200))),
      ...Array.from({ length: 2000 }, () => whole.map((byte) => (random.integer(0, 60) === 0 ? random.integer(0, 256) : byte))),
    ];
    const codes = damaged.map((bytes) => {
      try {
        fromOnnx(bytes, { outputs: ['scores'], parameters: 'weights' });
        return 'read';
      } catch (error) {
        return error instanceof OrtrainError ? error.code : String(error);
      }
    });
    expect(codes.slice(0, 2)).toEqual(['data', 'data']);
    expect([...new Set(codes)].sort()).toEqual(['data', 'read']);
  });
});
