import { wasmModule, type Code, type Local } from './kernels/wasm-module.ts';

/**
 * Dropout masks as a function of (seed, step, site, element): nothing to save, the same on every device, and resumable.
 *
 * An element's hash is x ← element · 0x9e3779b9 + key[0], then three rounds of x ← x (2x + 1) with x ← x + ⌊x / 2¹⁶⌋ in
 * between, key[1] joining after the first; all modulo 2³². It is kept where the hash's upper 24 bits lie below (1 - rate) · 2²⁴.
 * The quadratic is the permutation of RC6 (Rivest et al. 1998). Only products, sums and a division by a power of two occur,
 * since these are what a WebGPU session computes for uint32; that rules out the shifts and exclusive-ors of most hashes.
 */
export type MaskKey = readonly [number, number];

/** The key of one mask: `site` numbers the masks of a step. The seed is an integer from 0 to 2⁵³ - 1. */
export function maskKey(seed: number, step: number, site: number): MaskKey {
  const words = [seed, Math.floor(seed / 2 ** 32), step, site];
  const chain = (start: number): number => words.reduce((key, word) => scramble(Math.imul(key, STRIDE) + word), start);
  return [chain(0x243f6a88), chain(0x85a308d3)]; // two unrelated starts: digits of π
}

/** The key under which element 0 is what element `count` is under `key`. */
export function keyAfter([first, second]: MaskKey, count: number): MaskKey {
  return [(first + Math.imul(count, STRIDE)) | 0, second];
}

/** An element is kept where the upper 24 bits of its hash lie below this. */
export function keepThreshold(rate: number): number {
  return Math.round((1 - rate) * 2 ** 24);
}

/** Exports of `compileMask`'s module. */
export interface MaskKernel {
  /** Writes whole blocks of 16 bytes, each byte 0 or 1, until n elements are covered. */
  mask(address: number, n: number, first: number, second: number, threshold: number): void;
}

/** A WebAssembly module that writes masks into an imported memory `env.memory`, 16 elements at a time. */
export function compileMask(): Uint8Array {
  return wasmModule([{ name: 'mask', body: writeMask }]);
}

function writeMask(code: Code): undefined {
  const address = code.parameter('i32');
  const n = code.parameter('i32');
  const key = [code.parameter('i32'), code.parameter('i32')] as const;
  const threshold = code.parameter('i32');

  const [first, second] = [code.apply('i32x4.splat', key[0]), code.apply('i32x4.splat', key[1])];
  const limits = code.apply('i32x4.splat', threshold);
  const one = code.apply('i8x16.splat', code.i32(1));
  const step = code.i32x4(...lanesOf(() => 16 * STRIDE));
  const sixteen = code.i32(16);
  // element · STRIDE + key[0] of 16 elements in four registers
  const starts = [0, 4, 8, 12].map((offset) =>
    code.variable(code.apply('i32x4.add', first, code.i32x4(...lanesOf((lane) => (offset + lane) * STRIDE)))),
  );
  const constants = { second, one: code.i32x4(1, 1, 1, 1), sixteen };

  const at = code.variable(code.i32(0));
  code.while(
    () => code.apply('i32.lt_u', at, n),
    () => {
      const kept = starts.map((start) => code.apply('i32x4.lt_s', upperBits(code, start, constants), limits)); // -1 or 0
      const bytes = code.apply(
        'i8x16.narrow_i16x8_s',
        code.apply('i16x8.narrow_i32x4_s', kept[0]!, kept[1]!),
        code.apply('i16x8.narrow_i32x4_s', kept[2]!, kept[3]!),
      );
      code.store('v128.store', code.apply('i32.add', address, at), code.apply('v128.and', bytes, one));
      for (const start of starts) code.assign(start, code.apply('i32x4.add', start, step));
      code.assign(at, code.apply('i32.add', at, sixteen));
    },
  );
}

/** 2³² / golden ratio, odd: neighbours start far apart. */
export const STRIDE = 0x9e3779b9;

/** A permutation of the 32-bit numbers that spreads every bit over all others (MurmurHash3's finalizer, Appleby 2011). */
function scramble(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

interface HashConstants {
  readonly second: Local<'v128'>;
  readonly one: Local<'v128'>;
  readonly sixteen: Local<'i32'>;
}

/** The hash's upper 24 bits in each lane; see `keeps`. */
function upperBits(code: Code, start: Local<'v128'>, { second, one, sixteen }: HashConstants): Local<'v128'> {
  const add = (a: Local<'v128'>, b: Local<'v128'>): Local<'v128'> => code.apply('i32x4.add', a, b);
  const permute = (x: Local<'v128'>): Local<'v128'> => code.apply('i32x4.mul', x, add(add(x, x), one));
  const fold = (x: Local<'v128'>): Local<'v128'> => add(x, code.apply('i32x4.shr_u', x, sixteen));
  const hash = permute(fold(permute(add(fold(permute(start)), second))));
  return code.apply('i32x4.shr_u', hash, code.i32(8));
}

function lanesOf(value: (lane: number) => number): [number, number, number, number] {
  return [value(0), value(1), value(2), value(3)];
}
