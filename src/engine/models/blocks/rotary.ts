import type { Builder, Value } from '../../graph/index.ts';
import { countFromZero, float32, type EncoderInput, type TokenBatch } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';

/** Inputs for the angles of rotary positions: cosines and sines, [S, headWidth / 2] each. */
export interface RotaryInputs {
  readonly cos: EncoderInput;
  readonly sin: EncoderInput;
}

/**
 * Angles s / theta^(2i / headWidth) of token s and pair i (Su et al. 2021).
 *
 * @param name tells apart the inputs of models that have several thetas
 * @param longest the most tokens of a text, for the tables of exported models
 */
export function rotaryInputs(name: string, theta: number, headWidth: number, longest: number): RotaryInputs {
  const half = headWidth / 2;
  const values = (S: number, of: (angle: number) => number): Float32Array =>
    Float32Array.from({ length: S * half }, (_, i) => of(Math.floor(i / half) / theta ** ((2 * (i % half)) / headWidth)));
  const input = (what: string, of: (angle: number) => number): EncoderInput => ({
    name: `${name}_${what}`,
    dtype: 'float32',
    shape: ['S', half],
    feed: ({ S }: TokenBatch) => float32([S, half], values(S, of)),
    portable: (g: Builder) =>
      g.Gather(g.constant(values(longest, of), 'float32', [longest, half]), countFromZero(g, 'sequence'), { axis: 0 }),
  });
  return { cos: input('cos', Math.cos), sin: input('sin', Math.sin) };
}

/** x [..., S, D] with the pairs (i, i + D/2) of its last axis turned by the angles of their tokens. */
export function rotated({ g }: ModelBuilder, x: Value, cos: Value, sin: Value): Value {
  const half = (x.shape.at(-1) as number) / 2;
  const [a, b] = g.Split(x, { split: [half, half], axis: x.shape.length - 1 }) as [Value, Value];
  return g.Concat(g.Sub(g.Mul(a, cos), g.Mul(b, sin)), g.Add(g.Mul(b, cos), g.Mul(a, sin)), { axis: x.shape.length - 1 });
}
