import { rewrite, type Builder, type ConstantData, type Node, type Value } from '../../graph/index.ts';
import type { PortableModel } from './portable.ts';

/**
 * Dense layers use 7 of the 8 bits, as in transformers.js' own conversions: a sum of two products with uint8 then fits the int16
 * that processors without VNNI add up in.
 */
const LARGEST_IN_PRODUCTS = 64;
const LARGEST_IN_TABLES = 127;

/**
 * Dynamic quantization: weights of dense layers as int8 with a scale for each output, embedding tables as int8 with a scale for
 * each row. A dense layer's input is quantized when it runs, from its smallest and largest element. The head and all else stay
 * float32.
 */
export function inInt8({ graph, weights, ...rest }: PortableModel): PortableModel {
  const quantized = new Map<string, ConstantData>(weights);
  const converted = rewrite(graph, (g) => {
    const added = new Map<string, Value>();
    const weight = (name: string, dtype: 'int8' | 'float32', shape: readonly number[], data: ConstantData): Value => {
      const known = added.get(name) ?? g.input(name, dtype, shape);
      added.set(name, known);
      quantized.set(name, data);
      return known;
    };
    const rows = (name: string, data: Float32Array, width: number, largest: number): Rows => {
      const { values, scales } = quantizeRows(data, width, largest);
      return { values, scales: (shape) => weight(`${name}.scale`, 'float32', shape, scales) };
    };
    return {
      node({ op, attrs }, inputs) {
        const matrix = inputs.find((x) => x?.shape.length === 2 && weights.has(x.name));
        const data = weights.get(matrix?.name ?? '');
        if (matrix === undefined || matrix === null || !(data instanceof Float32Array) || matrix.name.startsWith('classifier.'))
          return undefined;
        const [height, width] = matrix.shape as readonly [number, number];
        const name = `${matrix.name}.int8`;
        if (isDense(op, attrs) && matrix === inputs[1]) {
          const { values, scales } = rows(matrix.name, data, width, LARGEST_IN_PRODUCTS);
          return dense(g, inputs, weight(name, 'int8', [width, height], transposed(values, width)), scales([height]));
        }
        if (op === 'Gather' && attrs['axis'] === 0 && matrix === inputs[0]) {
          const { values, scales } = rows(matrix.name, data, width, LARGEST_IN_TABLES);
          const [table, at] = [weight(name, 'int8', [height, width], values), inputs[1] as Value];
          return g.Mul(g.Cast(g.Gather(table, at), { to: 'float32' }), g.Gather(scales([height, 1]), at));
        }
        return undefined;
      },
    };
  });
  return { ...rest, graph: converted, weights: quantized };
}

interface Rows {
  readonly values: Int8Array;
  scales(shape: readonly number[]): Value;
}

/** x Wᵀ + b. */
function isDense(op: string, { alpha, beta, transA, transB }: Node['attrs']): boolean {
  return op === 'Gemm' && alpha === 1 && beta === 1 && transA === 0 && transB === 1;
}

/** (scale_x scale_W) ∘ ((x_q - zero) W_q) + b, in the order of operations that onnxruntime fuses. `weight`: [inputs, outputs]. */
function dense(g: Builder, [x, , bias]: Node['inputs'], weight: Value, scales: Value): Value {
  const [xq, scale, zero] = g.DynamicQuantizeLinear(x as Value);
  const product = g.Cast(g.MatMulInteger(xq, weight, zero), { to: 'float32' });
  const scaled = g.Mul(product, g.Mul(scale, scales));
  return bias === null || bias === undefined ? scaled : g.Add(scaled, bias);
}

/** Whole numbers from -largest to largest, and each row's scale: data ≈ scale · value. */
function quantizeRows(data: Float32Array, width: number, largest: number): { readonly values: Int8Array; readonly scales: Float32Array } {
  const values = new Int8Array(data.length);
  const scales = new Float32Array(data.length / width);
  for (let start = 0, row = 0; start < data.length; start += width, row++) {
    let top = 0;
    for (let i = start; i < start + width; i++) top = Math.max(top, Math.abs(data[i] as number));
    const scale = top === 0 ? 1 : top / largest;
    scales[row] = scale;
    for (let i = start; i < start + width; i++) values[i] = Math.round((data[i] as number) / scale);
  }
  return { values, scales };
}

/** [height, width] → [width, height] */
function transposed(values: Int8Array, width: number): Int8Array {
  const height = values.length / width;
  const result = new Int8Array(values.length);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) result[column * height + row] = values[row * width + column] as number;
  return result;
}
