import { OrtrainError } from '../../core/errors.ts';
import type { Dim, Shape, TensorType } from './types.ts';

/** The product of dimensions in canonical form: number first, then names in order, as in `2*B*S`. */
export function product(dims: Shape): Dim {
  const all = dims.flatMap(factors);
  const number = all.reduce<number>((total, factor) => (typeof factor === 'number' ? total * factor : total), 1);
  const names = all.filter((factor) => typeof factor === 'string').sort();
  if (names.length === 0 || number === 0) return number;
  return [...(number === 1 ? [] : [number]), ...names].join('*');
}

/** A dimension's factors: `2*B*S` gives 2, B and S. */
export function factors(dim: Dim): Shape {
  return typeof dim === 'number' ? [dim] : dim.split('*').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** The lengths that a batch gives to symbols. */
export type Symbols = ReadonlyMap<string, number>;

/** A shape with every symbol, and every product of symbols, as a number. Throws OrtrainError `run` for a symbol without a length. */
export function concrete(shape: Shape, symbols: Symbols): readonly number[] {
  return shape.map((dim) =>
    factors(dim).reduce<number>((total, factor) => {
      const length = typeof factor === 'number' ? factor : symbols.get(factor);
      if (length === undefined) throw new OrtrainError('run', `no batch input has an axis ${factor}, of ${showShape(shape)}`);
      return total * length;
    }, 1),
  );
}

/** The same axes, of the same lengths. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** What `part` has to be multiplied with to give `whole`, or undefined where that does not follow from their factors. */
export function quotient(whole: Dim, part: Dim): Dim | undefined {
  const left = [...factors(whole)];
  for (const factor of factors(part)) {
    const at = left.findIndex((other) =>
      typeof factor === 'number' && typeof other === 'number' ? other % factor === 0 : other === factor,
    );
    const found = left[at];
    if (factor === 1) continue;
    if (found === undefined) return undefined;
    left[at] = typeof found === 'number' ? found / (factor as number) : 1;
  }
  return product(left);
}

/** The common shape of operands by the rule of numpy and ONNX: aligned at the last axis, axes of length 1 stretch. */
export function broadcast(...shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = new Set(shapes.map((shape) => shape[axis - rank + shape.length] ?? 1));
    lengths.delete(1);
    if (lengths.size > 1) throw new OrtrainError('run', `shapes do not broadcast: ${shapes.map(showShape).join(', ')}`);
    return [...lengths][0] ?? 1;
  });
}

/** A shape as it stands in messages and in printed graphs: `[B, 4]`. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** A type as it stands in messages and in printed graphs: `float32[B, 4]`. */
export function showType({ dtype, shape }: TensorType): string {
  return `${dtype}${showShape(shape)}`;
}
