import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { OrtrainError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { notAFile, saying } from '../../core/inputs.ts';
import { count, list, object, oneOf, text, type TypeOf } from '../../core/shapes.ts';

/** A column that is written: texts, or numbers. */
export type WrittenColumn = readonly string[] | Int32Array | Float64Array;

/** Columns in a file, each of which is read by itself, so that a reader holds no more than it asks for. */
export interface ColumnsFile {
  readonly names: readonly string[];
  /** How many values a column has. Throws a `data` error, as the other two, where there is no such column of this kind. */
  length(name: string): number;
  texts(name: string): readonly string[];
  numbers(name: string): Float64Array;
  integers(name: string): Int32Array;
}

/**
 * Writes columns of any lengths. The values of a column are end to end: numbers little-endian, texts in UTF-8 with the bytes of each, as
 * uint32, behind them. A JSON list of the columns, its length and a mark end the file.
 */
export function writeColumns(path: string, columns: ReadonlyMap<string, WrittenColumn>): void {
  writeFileAtomic(path, piecesOf(columns));
}

export function openColumns(path: string): ColumnsFile {
  const columns = new Map(readFooter(path).map((column) => [column.name, column]));
  const find = <K extends Column['kind']>(name: string, ...kinds: readonly K[]): Column => {
    const column = columns.get(name);
    if (column === undefined) throw unusable(path, `it has no column ${JSON.stringify(name)}`);
    if (!kinds.some((kind) => kind === column.kind)) throw unusable(path, `its column ${JSON.stringify(name)} holds ${column.kind}`);
    return column;
  };
  return {
    names: [...columns.keys()],
    length: (name) => find(name, 'utf8', 'utf16le', 'int32', 'float64').count,
    texts: (name) => readTexts(path, find(name, 'utf8', 'utf16le')),
    numbers: (name) => new Float64Array(readRange(path, find(name, 'float64')).buffer),
    integers: (name) => new Int32Array(readRange(path, find(name, 'int32')).buffer),
  };
}

type Column = TypeOf<typeof column>;

const column = object({
  name: text,
  /** Texts are in UTF-16 where they hold halves of surrogate pairs, which UTF-8 has no bytes for. */
  kind: oneOf('utf8', 'utf16le', 'int32', 'float64'),
  count,
  /** The first byte of the values, and how many there are. */
  start: count,
  bytes: count,
});

const footer = list(column);

const MARK = Buffer.from('OTCOLS01');
/** Behind the list of columns: how many bytes it has, and the mark. */
const TAIL = 4 + MARK.length;
/** Texts are encoded and decoded in pieces of about so many bytes. */
const PIECE = 1 << 22;

function* piecesOf(columns: ReadonlyMap<string, WrittenColumn>): Iterable<Uint8Array> {
  const written: Column[] = [];
  let at = 0;
  for (const [name, values] of columns) {
    const start = at;
    const kind = kindOf(values);
    for (const piece of isTexts(values) ? textPieces(values, kind as BufferEncoding) : [bytesOf(values)]) {
      at += piece.byteLength;
      yield piece;
    }
    const padding = (8 - (at % 8)) % 8;
    written.push({ name, kind, count: values.length, start, bytes: at - start });
    yield new Uint8Array(padding);
    at += padding;
  }
  const list = Buffer.from(JSON.stringify(written));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(list.length);
  yield* [list, length, MARK];
}

function isTexts(values: WrittenColumn): values is readonly string[] {
  return Array.isArray(values);
}

function kindOf(values: WrittenColumn): Column['kind'] {
  if (isTexts(values)) return values.every((value) => !HALVES.test(value)) ? 'utf8' : 'utf16le';
  return values instanceof Int32Array ? 'int32' : 'float64';
}

const HALVES = /\p{Surrogate}/u;

function* textPieces(values: readonly string[], encoding: BufferEncoding): Iterable<Uint8Array> {
  const lengths = new Uint32Array(values.length);
  for (let row = 0; row < values.length; ) {
    const first = row;
    let characters = 0;
    for (; row < values.length && (row === first || characters < PIECE); row++) characters += values[row]!.length;
    const piece = Buffer.allocUnsafe(characters * MOST_BYTES_A_CHARACTER);
    let at = 0;
    for (let i = first; i < row; i++) at += lengths[i] = piece.write(values[i]!, at, encoding);
    yield piece.subarray(0, at);
  }
  yield bytesOf(lengths);
}

/** Of a UTF-16 code unit in UTF-8. */
const MOST_BYTES_A_CHARACTER = 3;

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array | Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function readTexts(path: string, { kind, count: rows, start, bytes }: Column): readonly string[] {
  const lengthsAt = start + bytes - 4 * rows;
  const lengths = new Uint32Array(readRange(path, { start: lengthsAt, bytes: 4 * rows }).buffer);
  const texts: string[] = [];
  let at = start;
  for (let row = 0; row < rows; ) {
    const first = row;
    let size = 0;
    for (; row < rows && (row === first || size < PIECE); row++) size += lengths[row]!;
    if (at + size > lengthsAt) throw unusable(path, 'a text in it ends behind its column');
    const piece = readRange(path, { start: at, bytes: size });
    let from = 0;
    for (let i = first; i < row; i++) texts.push(piece.toString(kind as BufferEncoding, from, (from += lengths[i]!)));
    at += size;
  }
  return texts;
}

function readFooter(path: string): readonly Column[] {
  const { size } = saying(path, () => statSync(path));
  const tail = size < TAIL ? undefined : readRange(path, { start: size - TAIL, bytes: TAIL });
  if (tail === undefined || !tail.subarray(4).equals(MARK)) throw unusable(path, 'it does not end as one');
  const length = tail.readUInt32LE();
  if (length > size - TAIL) throw unusable(path, 'its list of columns is longer than the file');
  const end = size - TAIL - length;
  let value: unknown;
  try {
    value = JSON.parse(readRange(path, { start: end, bytes: length }).toString());
  } catch (cause) {
    throw unusable(path, 'its list of columns is not JSON', cause);
  }
  const wrong = footer(value, 'columns');
  if (wrong !== undefined) throw unusable(path, wrong);
  const columns = value as readonly Column[]; // the shape says so
  const cut = columns.find((each) => each.start + each.bytes > end || !fits(each));
  if (cut !== undefined) throw unusable(path, `its column ${JSON.stringify(cut.name)} does not fit into the file`);
  return columns;
}

function fits({ kind, count: values, bytes }: Column): boolean {
  if (kind === 'int32' || kind === 'float64') return bytes === values * (kind === 'int32' ? 4 : 8);
  return bytes >= 4 * values;
}

/** Part of a file, in memory of its own. */
function readRange(path: string, { start, bytes }: Pick<Column, 'start' | 'bytes'>): Buffer {
  return saying(path, () => {
    const kind = notAFile(path);
    if (kind !== undefined) throw unusable(path, `it is ${kind}`);
    const range = Buffer.from(new ArrayBuffer(bytes));
    const file = openSync(path, 'r');
    try {
      for (let had = 0; had < bytes; ) {
        const read = readSync(file, range, had, Math.min(bytes - had, MOST_AT_ONCE), start + had);
        if (read === 0) throw unusable(path, 'it ends too early');
        had += read;
      }
    } finally {
      closeSync(file);
    }
    return range;
  });
}

/** A system reads no more in one call. */
const MOST_AT_ONCE = 2 ** 30;

function unusable(path: string, reason: string, cause?: unknown): OrtrainError {
  return new OrtrainError('data', `${path} is not a usable file of columns: ${reason}`, {
    subject: path,
    remedy: 'Remove the folder that holds it from the cache and run again.',
    ...(cause === undefined ? {} : { cause }),
  });
}
