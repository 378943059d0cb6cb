import { OrtrainError } from '../../../core/errors.ts';
import { sha256 } from '../../../core/hash.ts';
import type { ParameterSpec } from '../../program.ts';

/**
 * Where a parameter's first values come from. They are written into `into` when that is given, which saves a copy where
 * parameters live in memory of their own; the result may otherwise be a view that must not be written to.
 */
export type ParameterSource = (spec: ParameterSpec, into?: Float32Array) => Float32Array;

/** How many numbers a parameter holds. */
export function elementCount(spec: ParameterSpec): number {
  return spec.shape.reduce((product, axis) => product * axis, 1);
}

/**
 * Fresh values by each parameter's initializer. They depend on the seed and the parameter's name alone, so that a change of the head leaves
 * the rest as it was.
 */
export function randomParameters(seed: number): ParameterSource {
  return (spec, into = new Float32Array(elementCount(spec))) => {
    const { init } = spec;
    switch (init.kind) {
      case 'zeros':
        return into.fill(0);
      case 'ones':
        return into.fill(1);
      case 'uniform':
        return fillUniform(into, init.bound, uniform(`${seed}:${spec.name}`));
      case 'normal':
        return fillNormal(into, init.std, uniform(`${seed}:${spec.name}`));
      case 'values':
        into.set(init.values);
        return into;
    }
  };
}

/** Values by parameter name, row-major. Throws OrtrainError `data` for a parameter that is not there, or of another size. */
export function givenParameters(values: ReadonlyMap<string, Float32Array>): ParameterSource {
  return (spec, into = new Float32Array(elementCount(spec))) => {
    const given = values.get(spec.name);
    if (given?.length !== into.length) {
      const found = given === undefined ? 'there are no values' : `there are ${given.length} values`;
      throw new OrtrainError('data', `${found} for the parameter ${spec.name}, which takes ${into.length}`, { subject: spec.name });
    }
    into.set(given);
    return into;
  };
}

function fillUniform(into: Float32Array, bound: number, next: () => number): Float32Array {
  for (let i = 0; i < into.length; i++) into[i] = (2 * next() - 1) * bound;
  return into;
}

/** Box and Muller: two uniform numbers give two normal ones. */
function fillNormal(into: Float32Array, std: number, next: () => number): Float32Array {
  for (let i = 0; i < into.length; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    into[i] = radius * Math.cos(angle);
    if (i + 1 < into.length) into[i + 1] = radius * Math.sin(angle);
  }
  return into;
}

/** Uniform numbers in [0, 1) from a text: xoshiro128** (Blackman and Vigna 2018), its state the text's hash. */
function uniform(text: string): () => number {
  const hash = sha256(text);
  let [a, b, c, d] = [0, 8, 16, 24].map((at) => Number.parseInt(hash.slice(at, at + 8), 16)) as [number, number, number, number];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result / 2 ** 32;
  };
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
