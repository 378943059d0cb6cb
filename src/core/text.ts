import { isAbsolute, relative } from 'node:path';

/** Text for people: numbers, durations, dates and paths. */

/** `1,905` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 step`, `1,905 steps` */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Four decimals, as metrics are compared; `–` where there is no number. */
export function metric(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value) ? value.toFixed(4) : '–';
}

/** A learning rate in at most four significant digits: `0.00017`, `5e-7`. */
export function rate(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** `0.4 s`, `21 s`, `3 min 20 s`, `2 h 05 min` */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** `1.4 GB`, in powers of 1000. */
export function bytes(value: number): string {
  return inThousands(value, ['B', 'kB', 'MB', 'GB', 'TB']);
}

/** `3.2 GFLOP`: floating-point operations. */
export function operations(value: number): string {
  return inThousands(value, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP']);
}

/** The day and minute in local time: `2026-11-23 20:18`. */
export function minuteOf(iso: string): string {
  const at = new Date(iso);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A path as it would be typed here: relative where it is below the working directory. */
export function pathFromHere(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' ? '.' : fromHere.startsWith('..') || isAbsolute(fromHere) ? path : fromHere;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function inThousands(value: number, units: readonly string[]): string {
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : Math.round(scaled)} ${units[power]}`;
}

/** At most 60 characters of a text, so that it fits a line; `…` stands for the rest. */
export function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '')}…`;
}

const LONGEST = 60;

/** Without the signs of one kind at its end, however many. */
export function withoutEnd(text: string, sign: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === sign) end -= 1;
  return text.slice(0, end);
}
