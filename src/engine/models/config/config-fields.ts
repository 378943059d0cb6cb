import { OrtrainError, type Problem } from '../../../core/errors.ts';
import { briefly } from '../../../core/shapes.ts';

/** Typed access to a JSON object's members that collects what is wrong instead of stopping at the first. */
export interface Fields {
  readonly problems: Problem[];
  /** Undefined where it is absent. */
  raw(key: string): unknown;
  reject(key: string, message: string): void;
  /** A positive whole number of at most `most`; without a fallback it must be there. */
  count(key: string, most: number, fallback?: number): number;
  /** NaN where the value is wrong: no comparison, and no key that falls back to it, reports it a second time. */
  number(key: string, fallback: number | undefined, valid: (x: number) => boolean, kind: string): number;
  /** At least 0 and below 1. */
  probability(key: string, fallback: number): number;
  /** true or false. */
  flag(key: string, fallback: boolean): boolean;
  choice<T>(key: string, choices: Readonly<Record<string, T>>, fallback: T): T;
  /** The key is absent, null, or has the one value that is supported. */
  expect(key: string, value: unknown): void;
}

/** Throws OrtrainError `data` for a text that is not a JSON object. */
export function fieldsOf(text: string, file: string): Fields {
  const json = parseObject(text, file);
  const problems: Problem[] = [];
  const raw = (key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined);
  const reject = (key: string, message: string): void => void problems.push({ file, field: key, message: `${key}: ${message}` });
  const number: Fields['number'] = (key, fallback, valid, kind) => {
    const value = raw(key) ?? fallback;
    if (typeof value === 'number' && (valid(value) || Number.isNaN(value))) return value; // NaN: a fallback that was rejected already
    reject(key, value === undefined ? `missing; ${kind} is needed` : `${briefly(value)} is not ${kind}`);
    return NaN;
  };
  return {
    problems,
    raw,
    reject,
    number,
    count: (key, most, fallback) => {
      const count = number(key, fallback, (x) => Number.isInteger(x) && x > 0, 'a positive whole number');
      if (!(count > most)) return count;
      reject(key, `${count} is more than any model has; at most ${most} can be trained here`);
      return NaN;
    },
    probability: (key, fallback) => number(key, fallback, (x) => x >= 0 && x < 1, 'a probability below 1'),
    flag: (key, fallback) => {
      const value = raw(key) ?? fallback;
      if (typeof value !== 'boolean') reject(key, `${briefly(value)} is neither true nor false`);
      return value === true;
    },
    choice: (key, choices, fallback) => {
      const value = raw(key);
      if (value === undefined || value === null) return fallback;
      const choice = typeof value === 'string' && Object.hasOwn(choices, value) ? choices[value] : undefined;
      if (choice === undefined) reject(key, `${briefly(value)} is not supported; ${Object.keys(choices).join(', ')} are`);
      return choice ?? fallback;
    },
    expect: (key, wanted) => {
      const value = raw(key) ?? wanted;
      if (value !== wanted && !Number.isNaN(wanted)) reject(key, `${briefly(value)} is not supported; ${briefly(wanted)} is`);
    },
  };
}

function parseObject(text: string, file: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new OrtrainError('data', `${file} is not valid JSON`, { subject: file, cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new OrtrainError('data', `${file} is not a JSON object`, { subject: file });
  }
  return json as Readonly<Record<string, unknown>>;
}
