import { rewrite, type ConstantData, type Value } from '../../graph/index.ts';
import type { PortableModel } from './portable.ts';

/** Computed in float32 all the same: sums of exponentials lose too much, and the others carry float32 operands. */
const IN_FLOAT32: readonly string[] = ['Softmax', 'LogSoftmax', 'Clip', 'Pad'];

/**
 * The model with weights and arithmetic in float16; its outputs stay float32, and so do softmax and the sums inside layer normalization.
 */
export function inFloat16({ graph, weights, ...rest }: PortableModel): PortableModel {
  const halves = (data: ConstantData): ConstantData => (data instanceof Float32Array ? float16Bits(data) : data);
  const converted = rewrite(graph, (g) => {
    const cast = (x: Value, from: string, to: 'float16' | 'float32'): Value => (x.dtype === from ? g.Cast(x, { to }) : x);
    return {
      input: ({ name, dtype, shape }) => (dtype === 'float32' ? g.input(name, 'float16', shape) : undefined),
      constant: ({ dtype, shape }, data) =>
        dtype === 'float32' ? g.constant(halves(data), 'float16', shape as readonly number[]) : undefined,
      node: ({ op, attrs }, [x]) => {
        if (op === 'Cast' && attrs['to'] === 'float32') return g.Cast(x as Value, { to: 'float16' });
        if (!IN_FLOAT32.includes(op)) return undefined;
        const wide = cast(x as Value, 'float16', 'float32');
        return cast(g[op as 'Softmax'](wide, attrs as never), 'float32', 'float16');
      },
      output: (y) => cast(y, 'float16', 'float32'),
    };
  });
  return { ...rest, graph: converted, weights: new Map([...weights].map(([name, data]) => [name, halves(data)])) };
}

/**
 * IEEE 754 binary16, rounded to nearest, ties to even. What is too large becomes the largest finite number, so that a mask of
 * the lowest float32 stays finite.
 */
export function float16Bits(numbers: Float32Array): Uint16Array {
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  const halves = new Uint16Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    float[0] = numbers[i] as number;
    const bits = word[0] as number;
    const magnitude = bits & 0x7fffffff;
    float[0] = Math.abs(float[0]) + 0.5; // from ½ to 1, float32 counts in 2⁻²⁴, the smallest float16
    const half =
      magnitude > 0x7f800000 ? 0x7e00 // NaN
      : magnitude >= 0x477ff000 ? 0x7bff // 65520 and more would round to infinity
      : magnitude < 0x38800000 ? (word[0] as number) - 0x3f000000 // below 2⁻¹⁴
      : (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
    halves[i] = ((bits >>> 16) & 0x8000) | half;
  }
  return halves;
}
