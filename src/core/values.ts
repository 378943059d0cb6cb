/*
 * Values that have to be there. Where one is missing this program is wrong, and says so at once: `undefined`, or a default in its place,
 * would go on as if it were a number or a text.
 */

/** The value at an index. Throws where there is none. */
export function valueAt<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError(`there is no value at ${index} of ${values.length}`);
  return value;
}

/** The last value of a list that is not empty. */
export function lastOf<T>(values: ArrayLike<T>): T {
  return valueAt(values, values.length - 1);
}

/** A value that has to be there. Throws with its name where it is not. */
export function required<T>(value: T | null | undefined, name: string): T {
  if (value === undefined || value === null) throw new RangeError(`there is no ${name}`);
  return value;
}

/** The value of a key. Throws where there is none. */
export function lookup<K, V>(values: ReadonlyMap<K, V>, key: K): V {
  const value = values.get(key);
  if (value === undefined) throw new RangeError(`there is no value of ${String(key)} among ${values.size}`);
  return value;
}

/** Counts one more of a key; answers with how many there are now. */
export function countUp<K>(counts: Map<K, number>, key: K, more = 1): number {
  const now = (counts.get(key) ?? 0) + more;
  counts.set(key, now);
  return now;
}
