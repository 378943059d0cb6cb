import { shortened } from './text.ts';

/**
 * What a JSON value has to look like: answers with what is wrong, beginning with the value's place, or undefined where nothing is.
 * For files that this program wrote and anybody may have changed since.
 */
export type Shape = (value: unknown, place: string) => string | undefined;

/** A shape of exactly the values of a type: of one that has more values, or fewer, the compiler refuses it. */
export interface ShapeOf<T> extends Shape {
  readonly [shaped]: (value: T) => T;
}

/** Of a member that may be left out. */
export interface OptionalShape<T> extends Shape {
  readonly [maybe]: (value: T) => T;
}

declare const shaped: unique symbol;
declare const maybe: unique symbol;

/** Shapes by the names of an object's members. */
type Members = Readonly<Record<string, Shape>>;

/** The type whose values a shape lets through: one definition says what is checked and what the compiler knows. */
export type TypeOf<S> = S extends ShapeOf<infer T> ? T : S extends OptionalShape<infer T> ? T : unknown;

/** The object with these members. */
export type ObjectOf<M> = Flat<
  { readonly [K in keyof M as M[K] extends OptionalShape<infer _> ? never : K]: TypeOf<M[K]> } &
  { readonly [K in keyof M as M[K] extends OptionalShape<infer _> ? K : never]?: TypeOf<M[K]> }
>;

/** One object a name, told apart by `type`. */
export type OneOfTypes<T> = { [K in keyof T]: Flat<{ readonly type: K } & ObjectOf<T[K]>> }[keyof T];

type Flat<T> = { [K in keyof T]: T[K] };

export const text: ShapeOf<string> = primitive('a text', (value) => typeof value === 'string');
export const flag: ShapeOf<boolean> = primitive('true or false', (value) => typeof value === 'boolean');
/** Finite: `1e999` is JSON, too. */
export const number: ShapeOf<number> = primitive('a number', Number.isFinite);
/** A whole number of at least 0. */
export const count: ShapeOf<number> = primitive('a whole number', (value) => Number.isSafeInteger(value) && Number(value) >= 0);
/** What is not a number in a file of metrics is null there. */
export const metric: ShapeOf<number | null> = primitive('a number', (value) => value === null || Number.isFinite(value));
export function oneOf<const W extends string>(...words: readonly W[]): ShapeOf<W> {
  return primitive(`one of ${words.join(', ')}`, (value) => words.includes(value as W));
}

export function nullable<T>(of: ShapeOf<T>): ShapeOf<T | null>;
export function nullable(of: Shape): Shape;
export function nullable(of: Shape): Shape {
  return (value, place) => (value === null ? undefined : of(value, place));
}

/** May be left out of an object. */
export function optional<T>(of: ShapeOf<T>): OptionalShape<T>;
export function optional(of: Shape): Shape;
export function optional(of: Shape): Shape {
  return (value, place) => (value === undefined ? undefined : of(value, place));
}

export function list<T>(of: ShapeOf<T>): ShapeOf<readonly T[]>;
export function list(of: Shape): Shape;
export function list(of: Shape): Shape {
  return (value, place) =>
    Array.isArray(value) ? firstOf(value.entries(), (i, item) => of(item, `${place}[${i}]`)) : `${place} is ${briefly(value)}, not a list`;
}

/** An object of any keys. */
export function record<T>(of: ShapeOf<T>): ShapeOf<Readonly<Record<string, T>>>;
export function record(of: Shape): Shape;
export function record(of: Shape): Shape {
  return (value, place) => {
    if (!isObject(value)) return `${place} is ${briefly(value)}, not an object`;
    for (const key of Object.keys(value)) {
      if (of(value[key], '') !== undefined) return of(value[key], at(place, key)); // places are put together where they are needed
    }
    return undefined;
  };
}

/** An object with at least these members. */
export function object<const M extends Members>(members: M): ShapeOf<ObjectOf<M>> {
  const all = Object.entries(members);
  return typed((value, place) => {
    if (!isObject(value)) return `${place} is ${briefly(value)}, not an object`;
    for (const [key, of] of all) {
      const member = Object.hasOwn(value, key) ? value[key] : undefined;
      if (of(member, '') !== undefined) return of(member, at(place, key));
    }
    return undefined;
  });
}

/** An object of which no more than these members is known. */
export function objectWith(members: Members): ShapeOf<object> {
  return typed(object(members));
}

/** One of the objects that their `type` tells apart; what a later version may add is let through. */
export function ofType<const T extends Readonly<Record<string, Members>>>(types: T): ShapeOf<OneOfTypes<T>> {
  const shapes = Object.fromEntries(Object.entries(types).map(([type, members]) => [type, object(members)]));
  return typed(both(object({ type: text }), (value, place) => {
    const { type } = value as { readonly type: string };
    return Object.hasOwn(shapes, type) ? shapes[type]?.(value, place) : undefined;
  }));
}

/** A text of these words, and of those that a later version may add. */
export function word<W extends string>(): ShapeOf<W> {
  return typed(text);
}

/** Both, the second only where the first holds. */
export function both<A, B>(first: ShapeOf<A>, second: ShapeOf<B>): ShapeOf<A & B>;
export function both(first: Shape, second: Shape): Shape;
export function both(first: Shape, second: Shape): Shape {
  return (value, place) => first(value, place) ?? second(value, place);
}

export function primitive<T>(what: string, holds: (value: unknown) => boolean): ShapeOf<T> {
  return typed((value, place) => (holds(value) ? undefined : `${place} is ${briefly(value)}, not ${what}`));
}

/** The type is known to the compiler alone; whoever calls this says that the check is of that type. */
function typed<T>(check: Shape): ShapeOf<T> {
  return check as ShapeOf<T>;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const MOST_ITEMS = 8;

/** A value in a few words, however long or deep it is. */
export function briefly(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (Array.isArray(value)) {
    const isShort = value.length <= MOST_ITEMS && value.every((item) => typeof item !== 'object' || item === null);
    return isShort ? `[${value.map(briefly).join(', ')}]` : `a list of length ${value.length}`;
  }
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function at(place: string, key: string): string {
  return place === '' ? shortened(key) : `${place}.${shortened(key)}`;
}

function firstOf<K, V>(entries: Iterable<[K, V]>, wrong: (key: K, value: V) => string | undefined): string | undefined {
  for (const [key, value] of entries) {
    const found = wrong(key, value);
    if (found !== undefined) return found;
  }
  return undefined;
}
