/**
 * What a JSON value has to look like: answers with what is wrong, beginning with the value's place, or undefined where nothing is.
 * For files that this program wrote and anybody may have changed since.
 */
export type Shape = (value: unknown, place: string) => string | undefined;

export const text: Shape = primitive('a text', (value) => typeof value === 'string');
export const flag: Shape = primitive('true or false', (value) => typeof value === 'boolean');
/** Finite: `1e999` is JSON, too. */
export const number: Shape = primitive('a number', Number.isFinite);
/** A whole number of at least 0. */
export const count: Shape = primitive('a whole number', (value) => Number.isSafeInteger(value) && Number(value) >= 0);
/** What is not a number in a file of metrics is null there. */
export const metric: Shape = nullable(number);

export function oneOf(...words: readonly string[]): Shape {
  return primitive(`one of ${words.join(', ')}`, (value) => words.includes(value as string));
}

export function nullable(of: Shape): Shape {
  return (value, place) => (value === null ? undefined : of(value, place));
}

/** May be left out of an object. */
export function optional(of: Shape): Shape {
  return (value, place) => (value === undefined ? undefined : of(value, place));
}

export function list(of: Shape): Shape {
  return (value, place) => (Array.isArray(value) ? firstOf(value.entries(), (i, item) => of(item, `${place}[${i}]`)) : `${place} is ${briefly(value)}, not a list`);
}

/** An object of any keys. */
export function record(of: Shape): Shape {
  return (value, place) => (isObject(value) ? firstOf(Object.entries(value), (key, member) => of(member, at(place, key))) : `${place} is ${briefly(value)}, not an object`);
}

/** An object with at least these members. */
export function object(members: Readonly<Record<string, Shape>>): Shape {
  return (value, place) => {
    if (!isObject(value)) return `${place} is ${briefly(value)}, not an object`;
    return firstOf(Object.entries(members), (key, of) => of(Object.hasOwn(value, key) ? value[key] : undefined, at(place, key)));
  };
}

/** Both, the second only where the first holds. */
export function both(first: Shape, second: Shape): Shape {
  return (value, place) => first(value, place) ?? second(value, place);
}

export function primitive(what: string, holds: (value: unknown) => boolean): Shape {
  return (value, place) => (holds(value) ? undefined : `${place} is ${briefly(value)}, not ${what}`);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LONGEST = 60;
const MOST_ITEMS = 8;

/** A value in a few words, however long or deep it is. */
export function briefly(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(cut(value));
  if (Array.isArray(value)) {
    const isShort = value.length <= MOST_ITEMS && value.every((item) => typeof item !== 'object' || item === null);
    return isShort ? `[${value.map(briefly).join(', ')}]` : `a list of length ${value.length}`;
  }
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** A text cut to a length that fits a line. */
export function cut(long: string): string {
  return long.length <= LONGEST ? long : `${long.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '')}…`;
}

function at(place: string, key: string): string {
  return place === '' ? cut(key) : `${place}.${cut(key)}`;
}

function firstOf<K, V>(entries: Iterable<[K, V]>, wrong: (key: K, value: V) => string | undefined): string | undefined {
  for (const [key, value] of entries) {
    const found = wrong(key, value);
    if (found !== undefined) return found;
  }
  return undefined;
}
