import type { RandomState } from '../../src/core/random.ts';

/** What a pickle asks for beyond tensors, and what it may ask for in another place. */
const GLOBALS = [
  'posix\nsystem',
  'builtins\neval',
  'collections\nOrderedDict',
  'torch._utils\n_rebuild_tensor_v2',
  'torch._utils\n_rebuild_tensor_v3',
  'torch._utils\n_rebuild_parameter',
  'torch._tensor\n_rebuild_from_type_v2',
  'torch\nHalfStorage',
  'torch\nDoubleStorage',
  'torch.storage\nUntypedStorage',
  'torch\nfloat64',
  'torch\nSize',
  'torch\nTensor',
].map((name) => Buffer.from(`c${name}\n`));

/** Numbers at which offsets, sizes and strides go wrong, and instructions that may stand anywhere. */
const NUMBERS = [-1, 0, 1, 2, 3, 4, 5, 7, 24, 63, 64, 65, 255, 65_536, 2 ** 31 - 1, -(2 ** 31)].map((value) =>
  Buffer.concat([Buffer.from('J'), Buffer.from(Int32Array.of(value).buffer)]),
);
const PLAIN = [...'().NQRabestu}]', '\x85', '\x86', '\x87', '\x88', '\x89', '\x81', '\x94'].map((code) => Buffer.from(code, 'latin1'));

/** A pickle with one of its instructions left out, repeated, moved, or replaced by another of its kind. */
export function pickleMutated(bytes: Buffer, rng: RandomState): Buffer {
  const pieces = instructionsOf(bytes);
  const any = <T,>(list: readonly T[]): T => list[rng.integer(0, list.length)]!;
  const at = rng.integer(0, pieces.length);
  const own = pieces[at]!;
  const kind = 'JKM'.includes(String.fromCharCode(own[0]!)) ? NUMBERS : own[0] === 0x63 ? GLOBALS : PLAIN;
  const now = any([[], [own, own], [any(pieces)], [own, any(pieces)], [any(kind)], [any(kind)], [any(kind)], [any(PLAIN), own]]);
  return Buffer.concat([...pieces.slice(0, at), ...now, ...pieces.slice(at + 1)]);
}

/** Bytes behind the code of an instruction, where their number is always the same. */
const FIXED: Readonly<Record<number, number>> = { 0x80: 1, 0x95: 8, 0x4a: 4, 0x4b: 1, 0x4d: 2, 0x47: 8, 0x71: 1, 0x72: 4, 0x68: 1, 0x6a: 4 };

function instructionsOf(bytes: Buffer): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + operandLength(bytes, at));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces.length === 0 ? [bytes] : pieces;
}

function operandLength(bytes: Buffer, at: number): number {
  const code = bytes[at]!;
  if (code === 0x63) return Math.max(0, bytes.indexOf(10, bytes.indexOf(10, at) + 1) - at);
  if (code === 0x58) return 4 + (at + 5 <= bytes.length ? bytes.readUInt32LE(at + 1) : 0);
  if (code === 0x8c || code === 0x8a) return 1 + (bytes[at + 1] ?? 0);
  return FIXED[code] ?? 0;
}
