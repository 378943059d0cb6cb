import { OrtrainError } from '../core/errors.ts';
import type { AskedDevice } from '../runner/index.ts';

/*
 * What a program in JavaScript may get wrong and a compiler would have refused. Every check throws a `usage` error that names the argument.
 */

const DEVICES: Readonly<Record<AskedDevice, true>> = { auto: true, cpu: true, cuda: true, webgpu: true };

interface Checked {
  readonly device?: unknown;
  readonly threads?: unknown;
  readonly folds?: unknown;
}

export function checkOptions({ device, threads, folds }: Checked): void {
  if (device !== undefined && !(typeof device === 'string' && Object.hasOwn(DEVICES, device)))
    throw refused('device', `device is ${shown(device)}`, `It is one of ${Object.keys(DEVICES).join(', ')}.`);
  if (threads !== undefined && !(Number.isSafeInteger(threads) && Number(threads) > 0))
    throw refused('threads', `threads is ${shown(threads)}`, 'It is a whole number from 1 on; leave it out for the usual number.');
  if (folds !== undefined && !Array.isArray(folds))
    throw refused('folds', `folds is ${shown(folds)}`, "It is a list of numbers of folds, or of 'all': folds: [0, 1].");
}

/** A text that is not empty. */
export function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    throw refused(name, `${name} is ${shown(value)}`, 'It is a name or a path, as a string.');
}

export function checkTexts(name: string, values: unknown): void {
  if (!Array.isArray(values)) throw refused(name, `${name} is ${shown(values)}`, 'It is a list of names or paths.');
  values.forEach((value, i) => checkText(`${name}[${i}]`, value));
}

/** Overrides in a list are texts. */
export function checkOverrides(overrides: unknown): void {
  const wrong = Array.isArray(overrides) ? overrides.findIndex((each) => typeof each !== 'string') : -1;
  if (wrong === -1) return;
  const remedy = "Give an object, { training: { epochs: 3 } }, or a list of texts, ['training.epochs=3'].";
  throw refused('overrides', `overrides[${wrong}] is ${shown((overrides as readonly unknown[])[wrong])}`, remedy);
}

function refused(subject: string, message: string, remedy: string): OrtrainError {
  return new OrtrainError('usage', message, { subject, remedy });
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'a list';
  return value === null || typeof value !== 'object' ? String(value) : 'an object';
}
