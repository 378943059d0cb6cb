/** A small writer of WebAssembly modules: functions over one imported memory, in three-address form. */

export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';

/** A parameter, an intermediate result or a variable of the function that is being written. */
export interface Local<V extends ValueType = ValueType> {
  readonly type: V;
  readonly index: number;
}

interface Signature {
  readonly code: readonly number[];
  readonly takes: readonly ValueType[];
  readonly gives: ValueType;
}

/** Opcodes by their names in the specification; SIMD ones carry the prefix 0xfd and their number in LEB128. */
const operators = {
  'i32.add': { code: [0x6a], takes: ['i32', 'i32'], gives: 'i32' },
  'i32.and': { code: [0x71], takes: ['i32', 'i32'], gives: 'i32' },
  'i32.shl': { code: [0x74], takes: ['i32', 'i32'], gives: 'i32' },
  'i32.lt_u': { code: [0x49], takes: ['i32', 'i32'], gives: 'i32' },
  'f32.add': { code: [0x92], takes: ['f32', 'f32'], gives: 'f32' },
  'f32.sub': { code: [0x93], takes: ['f32', 'f32'], gives: 'f32' },
  'f32.mul': { code: [0x94], takes: ['f32', 'f32'], gives: 'f32' },
  'f32.div': { code: [0x95], takes: ['f32', 'f32'], gives: 'f32' },
  'f32.max': { code: [0x97], takes: ['f32', 'f32'], gives: 'f32' },
  'f32.sqrt': { code: [0x91], takes: ['f32'], gives: 'f32' },
  'f64.add': { code: [0xa0], takes: ['f64', 'f64'], gives: 'f64' },
  'f64.mul': { code: [0xa2], takes: ['f64', 'f64'], gives: 'f64' },
  'f64.promote_f32': { code: [0xbb], takes: ['f32'], gives: 'f64' },
  'f32x4.splat': { code: [0xfd, 0x13], takes: ['f32'], gives: 'v128' },
  'f32x4.add': { code: [0xfd, 0xe4, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'f32x4.sub': { code: [0xfd, 0xe5, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'f32x4.mul': { code: [0xfd, 0xe6, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'f32x4.div': { code: [0xfd, 0xe7, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'f32x4.max': { code: [0xfd, 0xe9, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'f32x4.sqrt': { code: [0xfd, 0xe3, 0x01], takes: ['v128'], gives: 'v128' },
  'f64x2.splat': { code: [0xfd, 0x14], takes: ['f64'], gives: 'v128' },
  'f64x2.add': { code: [0xfd, 0xf0, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'f64x2.mul': { code: [0xfd, 0xf2, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'f64x2.promote_low_f32x4': { code: [0xfd, 0x5f], takes: ['v128'], gives: 'v128' },
  'f64x2.extract_lane 0': { code: [0xfd, 0x21, 0], takes: ['v128'], gives: 'f64' },
  'f64x2.extract_lane 1': { code: [0xfd, 0x21, 1], takes: ['v128'], gives: 'f64' },
  'i8x16.splat': { code: [0xfd, 0x0f], takes: ['i32'], gives: 'v128' },
  'i32x4.splat': { code: [0xfd, 0x11], takes: ['i32'], gives: 'v128' },
  'i32x4.add': { code: [0xfd, 0xae, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'i32x4.mul': { code: [0xfd, 0xb5, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'i32x4.shr_u': { code: [0xfd, 0xad, 0x01], takes: ['v128', 'i32'], gives: 'v128' },
  'i32x4.lt_s': { code: [0xfd, 0x39], takes: ['v128', 'v128'], gives: 'v128' },
  'i16x8.narrow_i32x4_s': { code: [0xfd, 0x85, 0x01], takes: ['v128', 'v128'], gives: 'v128' },
  'i8x16.narrow_i16x8_s': { code: [0xfd, 0x65], takes: ['v128', 'v128'], gives: 'v128' },
  'v128.and': { code: [0xfd, 0x4e], takes: ['v128', 'v128'], gives: 'v128' },
} as const satisfies Record<string, Signature>;

/** `align` is the logarithm of the alignment hint, which must not exceed the width of the access. */
const loads = {
  'f32.load': { code: [0x2a], align: 2, type: 'f32' },
  'v128.load': { code: [0xfd, 0x00], align: 4, type: 'v128' },
  'v128.load64_zero': { code: [0xfd, 0x5d], align: 3, type: 'v128' },
} as const;

const stores = {
  'f32.store': { code: [0x38], align: 2, type: 'f32' },
  'v128.store': { code: [0xfd, 0x0b], align: 4, type: 'v128' },
} as const;

type Operators = typeof operators;
type Operands<Types extends readonly ValueType[]> = { [K in keyof Types]: Local<Types[K]> };

/** Writes the body of one function. Every operation reads locals and puts its result into a new one. */
export interface Code {
  /** Adds a parameter; all of them come before anything else. */
  parameter<V extends ValueType>(type: V): Local<V>;
  i32(value: number): Local<'i32'>;
  f64(value: number): Local<'f64'>;
  i32x4(...lanes: readonly [number, number, number, number]): Local<'v128'>;
  apply<O extends keyof Operators>(operator: O, ...operands: Operands<Operators[O]['takes']>): Local<Operators[O]['gives']>;
  load<O extends keyof typeof loads>(operator: O, address: Local<'i32'>, offset?: number): Local<(typeof loads)[O]['type']>;
  store<O extends keyof typeof stores>(operator: O, address: Local<'i32'>, value: Local<(typeof stores)[O]['type']>, offset?: number): void;
  /** A local that may be assigned to again. */
  variable<V extends ValueType>(initial: Local<V>): Local<V>;
  assign<V extends ValueType>(variable: Local<V>, value: Local<V>): void;
  /** Repeats the body as long as the condition, computed anew each time, is not zero. */
  while(condition: () => Local<'i32'>, repeated: () => void): void;
}

export interface FunctionSource {
  readonly name: string;
  /** Returns the local that holds the result, if there is one. */
  body(code: Code): Local | undefined;
}

/** The binary of a module that imports `env.memory` and exports the functions. Formats: the core specification, chapter 5. */
export function wasmModule(functions: readonly FunctionSource[]): Uint8Array {
  const written = functions.map(writeFunction);
  return Uint8Array.from(
    [
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic and version
      section(1, vector(written.map((f) => [0x60, ...vector(f.parameters.map(typeByte)), ...vector(f.results.map(typeByte))]))),
      section(2, vector([[...text('env'), ...text('memory'), 0x02, 0x00, 0]])), // a memory without bounds of its own
      section(3, vector(written.map((_, type) => unsigned(type)))),
      section(7, vector(functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]))),
      section(10, vector(written.map((f) => sized([...vector(f.locals.map((type) => [1, ...typeByte(type)])), ...f.code, 0x0b])))),
    ].flat(),
  );
}

/**
 * The exports of a module over a memory. The caller states their types, which the binary decides: it is the one place where
 * they are taken on trust.
 */
export function instantiate<Exports>(bytes: Uint8Array, memory: WebAssembly.Memory): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports as Exports;
}

interface WrittenFunction {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly code: readonly number[];
}

function writeFunction({ body }: FunctionSource): WrittenFunction {
  const parameters: ValueType[] = [];
  const locals: ValueType[] = [];
  const code: number[] = [];

  const push = (local: Local): void => void code.push(0x20, ...unsigned(local.index));
  const pop = (local: Local): void => void code.push(0x21, ...unsigned(local.index));
  function fresh<V extends ValueType>(type: V): Local<V> {
    const local = { type, index: parameters.length + locals.length };
    locals.push(type);
    pop(local);
    return local;
  }

  const result = body({
    parameter(type) {
      if (locals.length > 0) throw new Error('parameters come before the code that uses them');
      return { type, index: parameters.push(type) - 1 };
    },
    i32(value) {
      code.push(0x41, ...signed(value | 0));
      return fresh('i32');
    },
    f64(value) {
      code.push(0x44, ...new Uint8Array(Float64Array.of(value).buffer));
      return fresh('f64');
    },
    i32x4(...lanes) {
      code.push(0xfd, 0x0c, ...new Uint8Array(Int32Array.from(lanes).buffer));
      return fresh('v128');
    },
    apply(operator, ...operands) {
      operands.forEach(push);
      code.push(...operators[operator].code);
      return fresh(operators[operator].gives);
    },
    load(operator, address, offset = 0) {
      push(address);
      code.push(...loads[operator].code, loads[operator].align, ...unsigned(offset));
      return fresh(loads[operator].type);
    },
    store(operator, address, value, offset = 0) {
      push(address);
      push(value);
      code.push(...stores[operator].code, stores[operator].align, ...unsigned(offset));
    },
    variable(initial) {
      push(initial);
      return fresh(initial.type);
    },
    assign(variable, value) {
      push(value);
      pop(variable);
    },
    while(condition, repeated) {
      code.push(0x02, 0x40, 0x03, 0x40); // block, loop
      push(condition());
      code.push(0x45, 0x0d, 1); // i32.eqz, br_if out of the block
      repeated();
      code.push(0x0c, 0, 0x0b, 0x0b); // br to the loop's start, end, end
    },
  });
  if (result !== undefined) push(result);
  return { parameters, results: result === undefined ? [] : [result.type], locals, code };
}

function typeByte(type: ValueType): readonly number[] {
  return { i32: [0x7f], f32: [0x7d], f64: [0x7c], v128: [0x7b] }[type];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): number[] {
  return sized([...Buffer.from(value, 'utf8')]);
}

/** LEB128 of an unsigned 32-bit number. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** LEB128 of a signed 32-bit number. */
function signed(value: number): number[] {
  const rest = value >> 7;
  const last = (rest === 0 && (value & 0x40) === 0) || (rest === -1 && (value & 0x40) !== 0);
  return last ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(rest)];
}
