import { isNumeric } from './decimal.ts';

/**
 * A cell that a spreadsheet shows and does not compute: one that begins as a formula does, with `=`, `+`, `-`, `@`, their full-width
 * forms, a tab or a line end, gets an apostrophe in front. Numbers stay as they are.
 */
export function safeCell<T extends string | number>(value: T): T | string {
  return typeof value === 'string' && FORMULA.test(value) && !isNumeric(value) ? `'${value}` : value;
}

const FORMULA = /^[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\t\r\n]/;
