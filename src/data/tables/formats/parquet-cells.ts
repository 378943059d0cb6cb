import { isUtf8 } from 'node:buffer';
import type { ColumnInfo } from './parquet-worker.ts';

/** The values of a column as texts; or why they are none, a sentence about the column. */
export function cellsOf(info: ColumnInfo, values: readonly unknown[]): readonly string[] | string {
  const cells: string[] = [];
  for (const [row, value] of values.entries()) {
    const cell = value === null || value === undefined ? '' : info.isNested ? jsonOf(value) : textOf(info, value);
    if (cell === undefined) return `its value in row ${row + 1} is no text in UTF-8`;
    if (cell.includes('\0')) return `its value in row ${row + 1} holds a NUL character`;
    cells.push(cell);
  }
  return cells;
}

function textOf({ type, meaning, unit, scale }: ColumnInfo, value: unknown): string | undefined {
  if (meaning === 'DECIMAL') return decimal(value instanceof Uint8Array ? signed(value) : BigInt(value as number | bigint), scale);
  if (meaning === 'DATE') return instant(BigInt(value as number | bigint) * DAY, DAY);
  if (meaning === 'TIMESTAMP') return instant(BigInt(value as number | bigint) * NANOSECONDS[unit ?? 'MILLIS']!, 1n);
  if (meaning === 'TIME') return timeOfDay(BigInt(value as number | bigint) * NANOSECONDS[unit ?? 'MILLIS']!);
  if (meaning === 'UUID' && value instanceof Uint8Array)
    return Buffer.from(value)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  if (type === 'INT96') return instant(BigInt(value as bigint), 1n);
  if (typeof value === 'number')
    return type === 'FLOAT' || type === 'DOUBLE' || type === 'FIXED_LEN_BYTE_ARRAY' ? float(value, type === 'FLOAT') : String(value);
  if (value instanceof Uint8Array)
    return isUtf8(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8') : undefined;
  return String(value);
}

/**
 * A number as Python writes it: `1.0`, `0.1`, `1e-07`, `1e+16`; NaN is no value. Of a float32, the shortest that reads as the same float32.
 */
function float(value: number, isSingle: boolean): string {
  if (Number.isNaN(value)) return '';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const shortest = isSingle ? singleDigits(value) : value;
  const size = Math.abs(shortest);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return shortest.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return Number.isInteger(shortest) ? `${Object.is(shortest, -0) ? '-0' : shortest}.0` : String(shortest);
}

function singleDigits(value: number): number {
  if (value === 0) return value;
  for (let digits = 6; digits < 9; digits += 1) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return Number(value.toPrecision(9));
}

function signed(bytes: Uint8Array): bigint {
  const value = bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return BigInt.asIntN(8 * bytes.length, value);
}

function decimal(value: bigint, scale: number): string {
  if (scale <= 0) return String(value);
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;
const NANOSECONDS: Readonly<Record<string, bigint>> = { MILLIS: 1_000_000n, MICROS: 1000n, NANOS: 1n };

/** `2024-01-31`, or with a time of day `2024-01-31 08:15:00`, as pandas writes it. */
function instant(nanoseconds: bigint, resolution: bigint): string {
  const inDay = ((nanoseconds % DAY) + DAY) % DAY;
  const milliseconds = Number((nanoseconds - inDay) / 1_000_000n);
  const date = Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString().replace(/T.*$/, '') : String(nanoseconds);
  return resolution === DAY ? date : `${date} ${timeOfDay(inDay)}`;
}

function timeOfDay(nanoseconds: bigint): string {
  const two = (value: bigint): string => String(value).padStart(2, '0');
  const seconds = nanoseconds / SECOND;
  const fraction = String(nanoseconds % SECOND).padStart(9, '0').replace(/0+$/, '');
  const shown = fraction === '' ? '' : `.${fraction.padEnd(fraction.length > 6 ? 9 : fraction.length > 3 ? 6 : 3, '0')}`;
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}${shown}`;
}

/** JSON of a nested value: integers with all their digits, texts from their bytes. */
function jsonOf(value: unknown): string | undefined {
  const holes: string[] = [];
  let isText = true;
  const json = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'bigint') return `\0${holes.push(String(member)) - 1}\0`;
    const bytes = bytesOf(member);
    if (bytes === undefined) return member;
    isText &&= isUtf8(bytes);
    return Buffer.from(bytes).toString('utf8');
  });
  if (!isText) return undefined;
  return json.replace(/"\\u0000(\d+)\\u0000"/g, (_, index: string) => holes[Number(index)] ?? '');
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}
