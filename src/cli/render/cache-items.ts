import type { CacheItem } from '../../runner/cache/index.ts';
import type { Colors } from '../terminal.ts';
import { left, prose, right, table } from './layout/table.ts';
import { bytes, KEY_DIGITS, minuteOf, plural } from './layout/text.ts';

/** The entries of the cache, one per line. */
export function itemTable(items: readonly CacheItem[], colors: Colors): string {
  return table(
    [left('what'), left('key'), right('size'), left('made'), prose('used by')],
    items.map(({ kind, stage, fold, key, bytes: size, made, runs, busy }) => [
      `${stage}${fold === null ? '' : `[${fold}]`}${{ entry: '', partial: ' · checkpoint', broken: ' · broken' }[kind]}`,
      colors.dim(key.slice(0, KEY_DIGITS)),
      bytes(size),
      made === null ? '–' : minuteOf(made),
      [...runs, ...(busy ? ['a running process'] : [])].join(', ') || colors.yellow('no run'),
    ]),
    colors,
  );
}

/** `3 items, 1.4 MB` */
export function inAll(items: readonly CacheItem[]): string {
  return `${plural(items.length, 'item')}, ${bytes(items.reduce((sum, { bytes: size }) => sum + size, 0))}`;
}
