/**
 * The operations that an update rule may use, over any type: numbers, registers of a WebAssembly kernel, values of a graph.
 * A rule written against it is written once for all of them.
 */
export interface Arithmetic<T> {
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  max(a: T, b: T): T;
  sqrt(a: T): T;
  /** a + t (b - a) */
  lerp(a: T, b: T, t: T): T;
}

/** With `lerp` made of the others. */
export function withLerp<T>(of: Omit<Arithmetic<T>, 'lerp'>): Arithmetic<T> {
  return { ...of, lerp: (a, b, t) => of.add(a, of.mul(t, of.sub(b, a))) };
}
