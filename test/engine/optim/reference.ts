import { withLerp, type Arithmetic } from '../../../src/engine/optim/arithmetic.ts';
import { keepThreshold, type MaskKey } from '../../../src/engine/optim/masks.ts';

/** Plain float64 numbers: what kernels and nodes made of a rule are held against. */
export const numbers: Arithmetic<number> = withLerp({
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  sqrt: Math.sqrt,
});

/** The definition of a dropout mask as masks.ts states it: 1 where the element is kept, 0 where it is dropped. */
export function keeps([first, second]: MaskKey, element: number, rate: number): 0 | 1 {
  const permute = (x: number): number => Math.imul(x, 2 * x + 1);
  const fold = (x: number): number => (x + (x >>> 16)) | 0;
  const x = permute((Math.imul(element, 0x9e3779b9) + first) | 0);
  const y = permute((fold(x) + second) | 0);
  const hash = permute(fold(y));
  return hash >>> 8 < keepThreshold(rate) ? 1 : 0;
}
