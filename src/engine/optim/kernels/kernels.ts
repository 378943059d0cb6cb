import { withLerp, type Arithmetic } from '../arithmetic.ts';
import type { UpdateRule } from '../rules.ts';
import { wasmModule, type Code, type FunctionSource, type Local } from './wasm-module.ts';

/** Exports of `compileUpdate`'s module. Addresses are byte offsets into its memory, multiples of 4; `n` counts float32 elements. */
export interface UpdateKernels {
  /**
   * Updates p and its slots in place. After the addresses of p and g: one address a slot, n, a factor for the gradient
   * (clipping; 1 leaves it alone), and the scalars in the order of the rule's keys.
   */
  update(p: number, g: number, ...slotsCountFactorScalars: readonly number[]): void;
  /** Σ g², summed in float64: finite exactly if every element is. */
  sumOfSquares(g: number, n: number): number;
}

/** A WebAssembly module over an imported memory `env.memory` that carries the rule out, four elements at a time. */
export function compileUpdate(rule: UpdateRule): Uint8Array {
  return wasmModule([updateFunction(rule), sumOfSquaresFunction]);
}

/** Exports of `compileSum`'s module. */
export interface SumKernel {
  /** sum ← sum + factor · x, element by element, over n float32 elements at these addresses. */
  addScaled(sum: number, x: number, n: number, factor: number): void;
}

/** A WebAssembly module over an imported memory `env.memory` that adds gradients up. */
export function compileSum(): Uint8Array {
  return wasmModule([addScaledFunction]);
}

const addScaledFunction: FunctionSource = {
  name: 'addScaled',
  body(code) {
    const [sum, x, n, factor] = [code.parameter('i32'), code.parameter('i32'), code.parameter('i32'), code.parameter('f32')];
    const factors = code.apply('f32x4.splat', factor);
    const bytes = bytesOf(code, n);
    const at = code.variable(code.i32(0));
    const add = <T,>({ arithmetic, load, store }: Registers<T>, by: T): void =>
      store(sum, at, arithmetic.add(load(sum, at), arithmetic.mul(by, load(x, at))));
    forEach(code, at, code.apply('i32.and', bytes, code.i32(-16)), 16, () => add(lanes(code, 0), factors));
    forEach(code, at, bytes, 4, () => add(singles(code), factor));
    return undefined;
  },
};

/** The rule interpreted over four lanes for the bulk, and over single numbers for the rest. */
function updateFunction(rule: UpdateRule): FunctionSource {
  return {
    name: 'update',
    body(code) {
      const p = code.parameter('i32');
      const g = code.parameter('i32');
      const slots = byName(rule.slots, () => code.parameter('i32'));
      const n = code.parameter('i32');
      const factor = code.parameter('f32');
      const scalars = byName(Object.keys(rule.scalars), () => code.parameter('f32'));
      const splat = (scalar: Local<'f32'>): Local<'v128'> => code.apply('f32x4.splat', scalar);
      const factors = splat(factor);
      const splats = mapped(scalars, splat);

      const bytes = bytesOf(code, n);
      const at = code.variable(code.i32(0));
      const place = { p, g, slots, at };
      // Two registers a round: the processor divides the second while it still waits for the first one's root.
      forEach(code, at, code.apply('i32.and', bytes, code.i32(-32)), 32, () => {
        for (const offset of [0, 16]) updateAt(rule, lanes(code, offset), place, factors, splats);
      });
      forEach(code, at, code.apply('i32.and', bytes, code.i32(-16)), 16, () => updateAt(rule, lanes(code, 0), place, factors, splats));
      forEach(code, at, bytes, 4, () => updateAt(rule, singles(code), place, factor, scalars));
      return undefined;
    },
  };
}

const sumOfSquaresFunction: FunctionSource = {
  name: 'sumOfSquares',
  body(code) {
    const g = code.parameter('i32');
    const n = code.parameter('i32');
    const bytes = bytesOf(code, n);
    const at = code.variable(code.i32(0));
    // Four sums of two lanes each, so that an addition need not wait for the one before it.
    const sums = [0, 8, 16, 24].map((offset) => ({ offset, sum: code.variable(code.apply('f64x2.splat', code.f64(0))) }));
    forEach(code, at, code.apply('i32.and', bytes, code.i32(-32)), 32, () => {
      const address = code.apply('i32.add', g, at);
      for (const { offset, sum } of sums) {
        const x = code.apply('f64x2.promote_low_f32x4', code.load('v128.load64_zero', address, offset));
        code.assign(sum, code.apply('f64x2.add', sum, code.apply('f64x2.mul', x, x)));
      }
    });
    const total = code.variable(code.f64(0));
    for (const { sum } of sums) {
      code.assign(total, code.apply('f64.add', total, code.apply('f64x2.extract_lane 0', sum)));
      code.assign(total, code.apply('f64.add', total, code.apply('f64x2.extract_lane 1', sum)));
    }
    forEach(code, at, bytes, 4, () => {
      const x = code.apply('f64.promote_f32', code.load('f32.load', code.apply('i32.add', g, at)));
      code.assign(total, code.apply('f64.add', total, code.apply('f64.mul', x, x)));
    });
    return total;
  },
};

/** Float32 arithmetic in registers of one width, with the way to and from memory. */
interface Registers<T> {
  readonly arithmetic: Arithmetic<T>;
  load(base: Local<'i32'>, at: Local<'i32'>): T;
  store(base: Local<'i32'>, at: Local<'i32'>, value: T): void;
}

interface Place {
  readonly p: Local<'i32'>;
  readonly g: Local<'i32'>;
  readonly slots: Readonly<Record<string, Local<'i32'>>>;
  readonly at: Local<'i32'>;
}

function updateAt<T>(rule: UpdateRule, registers: Registers<T>, place: Place, factor: T, scalars: Readonly<Record<string, T>>): void {
  const { p, g, slots, at } = place;
  const { arithmetic: x, load, store } = registers;
  const state = mapped(slots, (base) => load(base, at));
  const next = rule.update(x, load(p, at), x.mul(factor, load(g, at)), state, scalars);
  for (const slot of rule.slots) store(slots[slot]!, at, next.slots[slot]!);
  store(p, at, next.p);
}

/** Four elements, `offset` bytes from where they are asked for. */
function lanes(code: Code, offset: number): Registers<Local<'v128'>> {
  return {
    arithmetic: withLerp({
      add: (a, b) => code.apply('f32x4.add', a, b),
      sub: (a, b) => code.apply('f32x4.sub', a, b),
      mul: (a, b) => code.apply('f32x4.mul', a, b),
      div: (a, b) => code.apply('f32x4.div', a, b),
      max: (a, b) => code.apply('f32x4.max', a, b),
      sqrt: (a) => code.apply('f32x4.sqrt', a),
    }),
    load: (base, at) => code.load('v128.load', code.apply('i32.add', base, at), offset),
    store: (base, at, value) => code.store('v128.store', code.apply('i32.add', base, at), value, offset),
  };
}

function singles(code: Code): Registers<Local<'f32'>> {
  return {
    arithmetic: withLerp({
      add: (a, b) => code.apply('f32.add', a, b),
      sub: (a, b) => code.apply('f32.sub', a, b),
      mul: (a, b) => code.apply('f32.mul', a, b),
      div: (a, b) => code.apply('f32.div', a, b),
      max: (a, b) => code.apply('f32.max', a, b),
      sqrt: (a) => code.apply('f32.sqrt', a),
    }),
    load: (base, at) => code.load('f32.load', code.apply('i32.add', base, at)),
    store: (base, at, value) => code.store('f32.store', code.apply('i32.add', base, at), value),
  };
}

/** Runs the body while `at` lies before `end`, `step` bytes apart. */
function forEach(code: Code, at: Local<'i32'>, end: Local<'i32'>, step: number, body: () => void): void {
  code.while(
    () => code.apply('i32.lt_u', at, end),
    () => {
      body();
      code.assign(at, code.apply('i32.add', at, code.i32(step)));
    },
  );
}

function bytesOf(code: Code, elements: Local<'i32'>): Local<'i32'> {
  return code.apply('i32.shl', elements, code.i32(2));
}

function byName<T>(names: readonly string[], make: () => T): Readonly<Record<string, T>> {
  return Object.fromEntries(names.map((name) => [name, make()]));
}

function mapped<A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}
