import { describe, expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { graphBuilder, print, type Graph } from '../../../src/engine/graph/index.ts';
import { givenParameters, trainingStepOf, type GraphTraining } from '../../../src/engine/models/index.ts';
import { sgd } from '../../../src/engine/optim/index.ts';
import type { HostTensor } from '../../../src/engine/program.ts';
import { openTrainer } from '../../../src/engine/runtime/index.ts';

/** y = x w + b, and a yes or no that has no derivative. */
function line(): Graph {
  const g = graphBuilder('line', ['y']);
  const [x, w, b] = [g.input('x', 'float32', ['B', 2]), g.input('w', 'float32', [2, 1]), g.input('b', 'float32', [1])];
  const y = g.Gemm(x, w, b);
  g.output('y', y);
  g.output('sure', g.Cast(g.Greater(y, g.input('threshold', 'float32', [1])), { to: 'float32' }));
  return g.build();
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

const mse: GraphTraining = { parameters: ['w', 'b'], loss: 'mse', output: 'y' };

describe('the training step of a graph', () => {
  test('is the graph with a loss and gradients', () => {
    const { step, forward } = trainingStepOf(line(), { ...mse, parameters: ['w'] });
    expect(print(forward.graph)).toMatchInlineSnapshot(`
      "line(x: float32[B, 2], w: float32[2, 1], b: float32[1], threshold: float32[1]) {
        Gemm_0: float32[B, 1] = Gemm(x, w, b)
        return { y: Gemm_0 }
      }"
    `);
    expect(print(step.graph)).toMatchInlineSnapshot(`
      "line_step(x: float32[B, 2], w: float32[2, 1], b: float32[1], threshold: float32[1], targets: float32[B, 1]) {
        Gemm_0: float32[B, 1] = Gemm(x, w, b)
        Sub_3: float32[B, 1] = Sub(Gemm_0, targets)  # loss
        Mul_4: float32[B, 1] = Mul(Sub_3, Sub_3)  # loss
        ReduceMean_5: float32[] = ReduceMean(Mul_4) { axes: [0, 1], keepdims: 0 }  # loss
        Size_6: int64[] = Size(Mul_4)  # loss.backward
        Size_7: int64[] = Size(ReduceMean_5)  # loss.backward
        Div_8: int64[] = Div(Size_6, Size_7)  # loss.backward
        Cast_9: float32[] = Cast(Div_8) { to: float32 }  # loss.backward
        Div_10: float32[] = Div(1, Cast_9)  # loss.backward
        Expand_11: float32[B, 1] = Expand(Div_10) { shape: [B, 1] }  # loss.backward
        Mul_12: float32[B, 1] = Mul(Expand_11, Sub_3)  # loss.backward
        Add_13: float32[B, 1] = Add(Mul_12, Mul_12)  # loss.backward
        Gemm_14: float32[2, 1] = Gemm(x, Add_13) { transA: 1 }  # backward
        return { loss: ReduceMean_5, y: Gemm_0, grad.w: Gemm_14 }
      }"
    `);
    expect(step.gradients).toEqual([{ parameter: 'w', output: 'grad.w' }]);
    expect(step.parameters).toEqual(forward.parameters);
  });

  test('is carried out by a trainer: one step of gradient descent, by hand', async () => {
    const x: HostTensor = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, -1) };
    const targets: HostTensor = { dtype: 'float32', shape: [2, 1], data: Float32Array.of(1, 0) };
    const threshold: HostTensor = { dtype: 'float32', shape: [1], data: Float32Array.of(0) };
    const source = givenParameters(
      new Map([
        ['w', Float32Array.of(0.5, -1)],
        ['b', Float32Array.of(0.25)],
      ]),
    );
    const options = {
      source,
      threads: 1,
      clipNorm: null,
      seed: 0,
      optimizer: { rule: sgd({ momentum: 0, nesterov: false }) },
    };
    const trainer = await openTrainer({ ...trainingStepOf(line(), mse), ...options });
    // y = (-1.25, 2.75), errors (-2.25, 2.75): loss (5.0625 + 7.5625) / 2, dw = (-2.25 + 8.25, -4.5 - 2.75), db = 0.5
    const { loss, logits } = await trainer.step({ x, targets, threshold }, { lr: 0.1 });
    expect(loss).toBeCloseTo(6.3125, 5);
    expect([...logits]).toEqual([-1.25, 2.75]);
    const { w, b } = await trainer.snapshot();
    expect([...(w ?? []), ...(b ?? [])].map((value) => Number(value.toFixed(5)))).toEqual([-0.1, -0.275, 0.2]);
    expect([...(await trainer.forward({ x, threshold }))].map((value) => Number(value.toFixed(5)))).toEqual([-0.45, 0.175]);
    await trainer.release();
  });

  test('takes a loss of one’s own, with targets of another shape', () => {
    const { step } = trainingStepOf(line(), {
      ...mse,
      targets: ['B'],
      loss: (g, y, t) => g.ReduceSum(g.Abs(g.Sub(g.reshape(y, ['B']), t)), { keepdims: 0 }),
    });
    expect(step.graph.inputs.find(({ name }) => name === 'targets')?.shape).toEqual(['B']);
    expect(print(step.graph)).toContain('Abs');
  });

  test('starts matrices as Glorot and Bengio do, vectors at zero, or as one says', () => {
    const starts = ({ step }: ReturnType<typeof trainingStepOf>): unknown => step.parameters.map(({ init }) => init);
    expect(starts(trainingStepOf(line(), mse))).toEqual([{ kind: 'uniform', bound: Math.sqrt(2) }, { kind: 'zeros' }]);
    expect(starts(trainingStepOf(line(), { ...mse, init: () => ({ kind: 'ones' }) }))).toEqual([{ kind: 'ones' }, { kind: 'ones' }]);
  });
});

describe('what cannot be trained', () => {
  test.each<[string, Partial<GraphTraining>, string, RegExp]>([
    ['an output of several', { output: undefined as never }, 'usage', /has several outputs/],
    ['an output that is not there', { output: 'z' }, 'usage', /no output z/],
    ['a parameter that is not there', { parameters: ['v'] }, 'usage', /no float32 input v of known shape/],
    ['an input of unknown length', { parameters: ['x'] }, 'usage', /no float32 input x of known shape/],
    ['a parameter behind a comparison', { output: 'sure' }, 'data', /does not depend on w, b/],
    ['a parameter of another output', { parameters: ['w', 'threshold'] }, 'data', /does not depend on threshold/],
  ])('%s', (_, changes, code, message) => {
    const error = problemOf(() => trainingStepOf(line(), { ...mse, ...changes }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.remedy).toBeDefined();
  });

  test('values that do not fit their parameter', () => {
    const spec = { name: 'w', shape: [2, 1], init: { kind: 'zeros' } } as const;
    expect(() => givenParameters(new Map())(spec)).toThrow('there are no values for the parameter w, which takes 2');
    expect(() => givenParameters(new Map([['w', new Float32Array(3)]]))(spec)).toThrow('there are 3 values');
  });
});
