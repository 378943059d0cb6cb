import { withoutEnd } from '../../core/text.ts';

/** A number as a text writes it, to the last digit: 0.d₁d₂d₃… · 10^exponent, with no zero at either end of the digits. Zero has none. */
export interface Decimal {
  readonly isNegative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/** Whether a text is a decimal number, such as `7`, `-0.5`, `.5` or `1e3`. */
export function isNumeric(text: string): boolean {
  return /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(text);
}

/** Whether a text is what JavaScript takes for a finite number: hexadecimal ones, too. */
export function isFiniteNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

/** The number in a text that is numeric. */
export function decimalOf(text: string): Decimal {
  const [, sign = '', whole = '', fraction = '', power = '0'] = FORM.exec(text.trim()) ?? [];
  const all = whole + fraction;
  const leading = leadingZeros(all);
  const digits = withoutEnd(all.slice(leading), '0');
  if (digits === '') return { isNegative: false, digits: '', exponent: 0 };
  return { isNegative: sign === '-', digits, exponent: whole.length - leading + Number(power) };
}

/** Below 0 where `a` is less than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [left, right] = [signOf(a), signOf(b)];
  if (left !== right || left === 0) return left - right;
  const sizes = a.exponent - b.exponent || (a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0);
  return left * sizes;
}

/** The same text for every way to write a number. */
export function canonical({ isNegative, digits, exponent }: Decimal): string {
  return digits === '' ? '0' : `${isNegative ? '-' : ''}0.${digits}e${exponent}`;
}

/** More digits than this are no number that anybody writes out. */
const MOST_DIGITS = 400;

/** A numeric text without its fraction: `1` for `1.0`, `1000` for `1e3`; undefined where the number is not whole. */
export function wholeNumber(text: string): string | undefined {
  const { isNegative, digits, exponent } = decimalOf(text);
  if (digits === '') return '0';
  if (exponent < digits.length || exponent > MOST_DIGITS) return undefined;
  return `${isNegative ? '-' : ''}${digits.padEnd(exponent, '0')}`;
}

function signOf({ isNegative, digits }: Decimal): number {
  return digits === '' ? 0 : isNegative ? -1 : 1;
}

function leadingZeros(digits: string): number {
  let zeros = 0;
  while (digits[zeros] === '0') zeros++;
  return zeros;
}

export function isInteger(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}
