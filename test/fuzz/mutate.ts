import type { RandomState } from '../../src/core/random.ts';
import { pickleMutated } from './pickle-mutation.ts';

/** How the bytes of a reader's files are built, so that some mutations keep them readable up to the place that is wrong. */
export type Syntax = 'bytes' | 'json' | 'lines' | 'jsonl' | 'table' | 'yaml' | 'safetensors' | 'pickle';

type Mutation = (bytes: Buffer, rng: RandomState, seeds: readonly Buffer[]) => Buffer;

/** A few mutations of one of the seeds, mostly one; more often than not they follow the file's own syntax. */
export function mutated(seeds: readonly Buffer[], syntax: Syntax, rng: RandomState): Buffer {
  let bytes = pick(seeds, rng);
  for (let more = true; more; more = rng.uniform(0, 1) < 0.4) {
    const own = structural[syntax];
    const mutation = own.length > 0 && rng.uniform(0, 1) < 0.6 ? pick(own, rng) : pick(anywhere, rng);
    bytes = mutation(bytes, rng, seeds);
  }
  return bytes;
}

export function pick<T>(list: readonly T[], rng: RandomState): T {
  return list[rng.integer(0, list.length)]!;
}

/** Integers at which lengths, offsets and counts go wrong. */
const INTEGERS = [0, 1, 2, 7, 8, 127, 128, 255, 256, 65_535, 65_536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52, 2 ** 53];

/** Characters and words that mean something to one of the readers, and what text must not hold. */
const WORDS = [
  '\0',
  '\ufeff',
  '\r',
  '\n',
  '\r\n',
  '\n\n',
  '\t',
  ' ',
  '"',
  '""',
  "'",
  '`',
  ',',
  ';',
  ':',
  ': ',
  '#',
  '%',
  '&a ',
  '*a',
  '!!binary ',
  '- ',
  '---\n',
  '...\n',
  '|',
  '>',
  '?',
  '=',
  '\\',
  '\\u0000',
  '\\ud800',
  '{',
  '}',
  '[',
  ']',
  '{}',
  '[]',
  '[[',
  '{"":',
  '\u2028',
  '\u202e',
  '\x1b[31m',
  '<script>',
  '__proto__',
  'constructor',
  'null',
  'true',
  '~',
  'NaN',
  '.inf',
  '1e999',
  '-1',
  '-0',
  '1e9',
  '0x7f',
  '1_000',
  '99999999999999999999',
  '../../x',
  '/dev/zero',
  'C:\\',
  'é',
  '🔥',
  'A'.repeat(300),
  '9'.repeat(400),
  '['.repeat(200),
  'x,'.repeat(300),
];

/** Bytes that are not UTF-8: a lone continuation, an overlong slash, a surrogate, the mark of UTF-16. */
const NOT_UTF8 = [[0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff, 0xfe], [0xf5, 0x80, 0x80, 0x80]].map((bytes) => Buffer.from(bytes));

// ---- mutations of any bytes

const anywhere: readonly Mutation[] = [
  (bytes, rng) => edited(bytes, rng, (copy, at) => (copy[at]! ^= 1 << rng.integer(0, 8))),
  (bytes, rng) => edited(bytes, rng, (copy, at) => (copy[at] = rng.integer(0, 256))),
  (bytes, rng) => bytes.subarray(0, rng.integer(0, bytes.length + 1)),
  (bytes, rng) => bytes.subarray(rng.integer(0, bytes.length + 1)),
  (bytes, rng) => replaced(bytes, ...span(bytes, rng), Buffer.alloc(0)),
  (bytes, rng) => inserted(bytes, rng, Buffer.from(pick(WORDS, rng))),
  (bytes, rng) => inserted(bytes, rng, pick(NOT_UTF8, rng)),
  (bytes, rng) => replaced(bytes, ...span(bytes, rng), Buffer.from(pick(WORDS, rng))),
  (bytes, rng) => inserted(bytes, rng, bytes.subarray(...span(bytes, rng))),
  (bytes, rng, seeds) => {
    const other = pick(seeds, rng);
    return replaced(bytes, ...span(bytes, rng), other.subarray(...span(other, rng)));
  },
  (bytes, rng) => inserted(bytes, rng, Buffer.alloc(rng.integer(0, 2000), rng.integer(0, 256))),
  (bytes, rng) => overwritten(bytes, rng, 4),
  (bytes, rng) => overwritten(bytes, rng, 8),
];

function edited(bytes: Buffer, rng: RandomState, edit: (copy: Buffer, at: number) => void): Buffer {
  if (bytes.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  edit(copy, rng.integer(0, copy.length));
  return copy;
}

function overwritten(bytes: Buffer, rng: RandomState, width: 4 | 8): Buffer {
  if (bytes.length < width) return bytes;
  const copy = Buffer.from(bytes);
  // Fields of binary files stand at multiples of four.
  const at = Math.min(copy.length - width, 4 * rng.integer(0, Math.ceil(copy.length / 4)));
  const value = BigInt(pick(INTEGERS, rng)) * (rng.integer(0, 4) === 0 ? -1n : 1n);
  if (width === 8) copy.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  else copy.writeUInt32LE(Number(BigInt.asUintN(32, value)), at);
  return copy;
}

/** A short stretch, or now and then a long one. */
function span(bytes: Buffer, rng: RandomState): [start: number, end: number] {
  const start = rng.integer(0, bytes.length + 1);
  return [start, Math.min(bytes.length, start + rng.integer(0, rng.integer(0, 4) === 0 ? bytes.length + 1 : 9))];
}

function replaced(bytes: Buffer, start: number, end: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);
}

function inserted(bytes: Buffer, rng: RandomState, piece: Buffer): Buffer {
  const at = rng.integer(0, bytes.length + 1);
  return replaced(bytes, at, at, piece);
}

// ---- mutations after a syntax

/** Replaces one of the pieces that a separator divides the text into, or repeats, drops or moves it. */
function pieces(separator: string, change: (piece: string, rng: RandomState) => string): Mutation {
  return (bytes, rng) => {
    const list = bytes.toString('latin1').split(separator);
    const at = rng.integer(0, list.length);
    const own = list[at]!;
    const now = pick([[], [own, own], [change(own, rng)], [change(own, rng)], [pick(list, rng)], [own, pick(list, rng)]], rng);
    list.splice(at, 1, ...now);
    return Buffer.from(list.join(separator), 'latin1');
  };
}

const asLatin1 = (text: string): string => Buffer.from(text).toString('latin1');

const cell = (_: string, rng: RandomState): string => asLatin1(pick(WORDS, rng));

const indentation = (line: string, rng: RandomState): string =>
  pick(['', ' ', '  ', '\t', '- '], rng) + pick([line, line.trimStart()], rng);

const value = (line: string, rng: RandomState): string => line.replace(/:.*$/, `: ${asLatin1(pick(WORDS, rng))}`);

const json: Mutation = (bytes, rng) => writable(bytes, rng) ?? bytes;

/** Undefined, too, where what comes out is nested deeper than JSON can be written. */
function writable(bytes: Buffer, rng: RandomState): Buffer | undefined {
  try {
    return jsonMutated(bytes, rng);
  } catch {
    return undefined;
  }
}

const structural: Readonly<Record<Syntax, readonly Mutation[]>> = {
  bytes: [],
  pickle: [pickleMutated],
  json: [json],
  lines: [pieces('\n', cell)],
  jsonl: [
    (bytes, rng) => {
      const lines = bytes.toString('utf8').split('\n');
      const at = rng.integer(0, lines.length);
      lines[at] = (writable(Buffer.from(lines[at]!), rng) ?? lines[at]!).toString();
      return Buffer.from(lines.join('\n'));
    },
    pieces('\n', cell),
  ],
  table: [pieces(',', cell), pieces('\n', cell), pieces('\t', cell), pieces('"', cell)],
  yaml: [pieces('\n', indentation), pieces('\n', value), pieces('\n', cell), pieces(',', cell)],
  safetensors: [
    (bytes, rng) => {
      if (bytes.length < 8) return bytes;
      const end = 8 + bytes.readUIntLE(0, 6);
      const header = writable(bytes.subarray(8, end), rng);
      return header === undefined ? bytes : withHeader(header, bytes.subarray(end), rng);
    },
  ],
};

/** A safetensors file, whose header says how long it is, or something else. */
function withHeader(header: Buffer | string, data: Buffer, rng: RandomState): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(rng.integer(0, 10) === 0 ? pick(INTEGERS, rng) : Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), data]);
}

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  -1,
  0,
  0.5,
  1,
  3,
  12,
  1e6,
  1e9,
  2 ** 31,
  2 ** 53,
  1e308,
  -1e308,
  '',
  ' ',
  'a',
  '0',
  '-1',
  'NaN',
  '__proto__',
  '\0',
  '\ud800',
  '../../etc/passwd',
  '/dev/zero',
  '🔥'.repeat(50),
  'A'.repeat(5000),
  '(a+)+$',
  '[',
  '\\',
  [],
  {},
  [[]],
  [null],
  [1, 2, 3],
  ['a'],
  { length: 1e9 },
  { content: 'a' },
  { type: 'a' },
  { toString: 1 },
  Array.from({ length: 300 }, () => 0),
  nested(100),
  nested(3000),
];

function nested(depth: number): unknown {
  let inner: unknown = 1;
  for (let i = 0; i < depth; i += 1) inner = [inner];
  return inner;
}

type Members = Record<string, unknown> | unknown[];

/** JSON with one value replaced, removed, moved, renamed or added; undefined where the bytes are not JSON with members. */
function jsonMutated(bytes: Buffer, rng: RandomState): Buffer | undefined {
  let root: unknown;
  try {
    root = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  const places = placesOf(root);
  if (places.length === 0) return undefined;
  const { parent, key } = pick(places, rng);
  const members = parent as Record<string, unknown>;
  switch (rng.integer(0, 7)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete members[key];
      break;
    case 1:
      members[Array.isArray(parent) ? String(parent.length) : pick(WORDS, rng)] = members[key];
      break;
    case 2: {
      const other = pick(places, rng);
      members[key] = structuredClone((other.parent as Record<string, unknown>)[other.key]);
      break;
    }
    case 3:
      members[key] = pick([[members[key]], { a: members[key] }, String(members[key]), Number(members[key])], rng);
      break;
    default:
      members[key] = pick(VALUES, rng);
  }
  return Buffer.from(JSON.stringify(root));
}

/** More would make picking slow, and not better. */
const MOST_PLACES = 5000;

function placesOf(root: unknown): readonly { readonly parent: Members; readonly key: string }[] {
  const places: { parent: Members; key: string }[] = [];
  const queue: unknown[] = [root];
  for (const value of queue) {
    if (typeof value !== 'object' || value === null) continue;
    for (const key of Object.keys(value)) {
      if (places.length >= MOST_PLACES) return places;
      places.push({ parent: value as Members, key });
      queue.push((value as Record<string, unknown>)[key]);
    }
  }
  return places;
}
