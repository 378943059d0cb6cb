/** A list that only grows. Its versions share their items, so that adding one copies none. */
export interface Growing<T> {
  /** May hold more: items of later versions. */
  readonly items: T[];
  readonly length: number;
}

export function growing<T>(items: readonly T[] = []): Growing<T> {
  return { items: [...items], length: items.length };
}

/** The list with one more at its end; the one before stays as it is. */
export function withItem<T>(list: Growing<T>, item: T): Growing<T> {
  // Where another version has grown already, this one goes its own way.
  const items = list.items.length === list.length ? list.items : itemsOf(list);
  items.push(item);
  return { items, length: items.length };
}

export function lastOf<T>({ items, length }: Growing<T>): T | undefined {
  return items[length - 1];
}

export function itemsOf<T>({ items, length }: Growing<T>): T[] {
  return items.slice(0, length);
}
