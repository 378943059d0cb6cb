import type { Value } from '../../graph/index.ts';
import { tokenMask } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';
import { dense } from './dense.ts';

/** The lowest float32: no token that is there has less. */
const LOWEST = -3.4028234663852886e38;

/** The mean of each text's tokens, padding apart: x [B*S, width] → [B, width]. */
export function meanTokens(m: ModelBuilder, x: Value, width: number): Value {
  const mask = m.input(tokenMask);
  return m.within((g) => weighedTokens(m, g.Div(mask, g.ReduceSum(mask, { axes: [1] })), x, width));
}

/** The largest value of each text's tokens in every column, padding apart: x [B*S, width] → [B, width]. */
export function maxTokens(m: ModelBuilder, x: Value, width: number): Value {
  const isText = textTokens(m);
  return m.within((g) => {
    const texts = g.Where(g.reshape(isText, ['B', 'S', 1]), g.reshape(x, ['B', 'S', width]), g.scalar(LOWEST));
    return g.ReduceMax(texts, { axes: [1], keepdims: 0 });
  });
}

/**
 * Σ a_j x_j over each text's tokens with a = softmax(w · tanh(W x_j + b)), padding apart: x [B*S, width] → [B, width]. A constant added to
 * the scores would not change their softmax, so the second layer has no bias. Both start as torch.nn.Linear does.
 */
export function attentiveTokens(m: ModelBuilder, x: Value, width: number, innerWidth: number): Value {
  const uniform = (inputs: number) => ({ kind: 'uniform', bound: 1 / Math.sqrt(inputs) }) as const;
  const [first, second] = [uniform(width), uniform(innerWidth)];
  const inner = dense(m.at('attention'), x, width, innerWidth, { weight: first, bias: first });
  const activated = m.within((g) => g.Tanh(inner));
  const scores = dense(m.at('score'), activated, innerWidth, 1, { weight: second, bias: null }); // [B*S, 1]
  const isText = textTokens(m);
  return m.within((g) => {
    const masked = g.Where(isText, g.reshape(scores, ['B', 'S']), g.scalar(LOWEST));
    return weighedTokens(m, g.Softmax(masked, { axis: -1 }), x, width);
  });
}

/** Of tokens x [B*S, width] the sum with weights [B, S]: [B, width]. */
function weighedTokens({ g }: ModelBuilder, weights: Value, x: Value, width: number): Value {
  return g.reshape(g.MatMul(g.reshape(weights, ['B', 1, 'S']), g.reshape(x, ['B', 'S', width])), ['B', width]);
}

function textTokens(m: ModelBuilder): Value {
  const mask = m.input(tokenMask);
  return m.within((g) => g.Greater(mask, g.scalar(0.5)));
}
