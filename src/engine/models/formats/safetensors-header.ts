import { OrtrainError } from '../../../core/errors.ts';
import { briefly, isObject } from '../../../core/shapes.ts';
import { shortened } from '../../../core/text.ts';
import type { ByteSource } from './byte-source.ts';
import { foreignKind } from './foreign.ts';

/** Of every dtype that the format knows. */
export const bytesPerElement = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

export type SafetensorsDtype = keyof typeof bytesPerElement;

/** One tensor of a file. */
export interface TensorEntry {
  readonly source: ByteSource;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** First byte, and the byte after the last, counted from the beginning of the file. */
  readonly begin: number;
  readonly end: number;
  /** Elements from one to the next along each axis; absent where they lie in row-major order, one after the other. */
  readonly strides?: readonly number[];
  /** The CRC-32 of these bytes, where the file has it. */
  readonly crc?: number;
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** The limit of the reference implementation. */
const longestHeader = 100_000_000;

/**
 * The header of a safetensors file, refused as the reference implementation refuses it: unless it is one JSON object without
 * repeated names whose byte ranges fit dtype and shape and cover the rest of the file without gap or overlap.
 */
export function parseHeader(source: ByteSource): Header {
  if (source.size < 8)
    throw notSafetensors(source, `it has ${source.size} bytes, fewer than the 8 that every safetensors file begins with`);
  const prefix = source.read(0, 8);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(source.size - 8)) {
    throw notSafetensors(
      source,
      `its header claims ${length} bytes, and ${source.size - 8} follow; the file is cut off or not a safetensors file`,
    );
  }
  if (length > BigInt(longestHeader))
    throw unsound(source, `its header claims ${length} bytes, more than the format's limit of ${longestHeader}`);

  const start = 8 + Number(length);
  const { __metadata__: metadata, ...tensors } = parseJson(source, source.read(8, Number(length)));
  const entries = new Map(Object.entries(tensors).map(([name, value]) => [name, parseEntry(source, name, value, start)]));
  checkCoverage(source, entries, start);
  return { metadata: parseMetadata(source, metadata), entries };
}

function parseJson(source: ByteSource, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw notSafetensors(source, 'its header is not JSON in UTF-8', error);
  }
  if (!isObject(header)) throw unsound(source, 'its header is not a JSON object');
  const repeated = firstRepeatedKey(text);
  if (repeated !== undefined) throw unsound(source, `its header names ${shortened(repeated)} twice`);
  return header;
}

/** The first top-level key that comes twice in a valid JSON object whose members are objects; `JSON.parse` keeps the last in silence. */
function firstRepeatedKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*(?:"|$)|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1) {
      const key = JSON.parse(token) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

function parseEntry(source: ByteSource, name: string, value: unknown, start: number): TensorEntry {
  const wrong = (what: string): OrtrainError => unsound(source, `tensor ${shortened(name)} ${what}`);
  if (!isObject(value)) throw wrong('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) throw wrong(`has the unknown dtype ${briefly(dtype)}`);
  if (!isCounts(shape)) throw wrong(`has the shape ${briefly(shape)}, not a list of lengths`);
  if (!isCounts(offsets) || offsets.length !== 2) throw wrong(`has the data_offsets ${briefly(offsets)}, not two positions`);
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((product, axis) => product * axis, bytesPerElement[dtype]);
  if (end - begin !== bytes) throw wrong(`takes ${bytes} bytes as ${dtype} ${briefly(shape)}, but its data_offsets are [${begin}, ${end}]`);
  if (start + end > source.size) throw wrong(`ends at byte ${start + end}, and the file at ${source.size}; the file is cut off`);
  return { source, dtype, shape, begin: start + begin, end: start + end };
}

function checkCoverage(source: ByteSource, entries: ReadonlyMap<string, TensorEntry>, start: number): void {
  let covered = start;
  for (const [name, { begin, end }] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) throw unsound(source, `tensor ${shortened(name)} overlaps the one before it`);
    if (begin > covered) throw unsound(source, `${begin - covered} bytes before tensor ${shortened(name)} belong to no tensor`);
    covered = end;
  }
  if (covered !== source.size) throw unsound(source, `${source.size - covered} bytes at its end belong to no tensor`);
}

function parseMetadata(source: ByteSource, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === 'string')) {
    throw unsound(source, 'its __metadata__ is not an object of texts');
  }
  return value as Readonly<Record<string, string>>;
}

function isDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === 'string' && Object.hasOwn(bytesPerElement, value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/** Where the file is of a kind that is known, what it is says more than what is wrong with its header. */
function notSafetensors(source: ByteSource, what: string, cause?: unknown): OrtrainError {
  const kind = foreignKind(source, 'safetensors');
  return unsound(source, kind?.what ?? what, cause, kind?.remedy);
}

function unsound(source: ByteSource, what: string, cause?: unknown, remedy = 'Fetch or save the file again.'): OrtrainError {
  return new OrtrainError('data', `${source.name} cannot be read: ${what}`, { subject: source.name, remedy, cause });
}
