import { sha256 } from '../../core/hash.ts';
import type { Json } from '../schema/schema.ts';

/** The name of a sweep's member, such as `heads+dense=64+lr=0.001`: the same for the same values, whatever else the sweep holds. */
export function memberName(sweep: string, values: Readonly<Record<string, Json>>): string {
  const parts = Object.entries(values).map(([path, value]) => `${shortName(path, Object.keys(values))}=${valueInName(value)}`);
  const name = [sweep, ...parts].join('+');
  return name.length <= LONGEST_NAME ? name : `${sweep}+${sha256(JSON.stringify(values)).slice(0, 12)}`;
}

const LONGEST_NAME = 100;

/** The path's last keys, as many as tell it apart from the others. */
function shortName(path: string, paths: readonly string[]): string {
  const keys = path.split('.');
  const lengths = keys.map((_, i) => i + 1);
  const enough =
    lengths.find((length) => paths.filter((other) => `.${other}`.endsWith(`.${keys.slice(-length).join('.')}`)).length === 1) ??
    keys.length;
  return keys.slice(-enough).join('.');
}

/** Characters that may stand in a run's name. */
function valueInName(value: Json): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((item: Json) => valueInName(item)).join(',');
  const text =
    typeof value === 'object' && value !== null
      ? Object.values(value)
          .map((item: Json) => valueInName(item))
          .join(',')
      : String(value);
  return text
    .replaceAll(/[^\p{L}\p{N}_+=@,.-]+/gu, '_')
    .replaceAll(/\.{2,}/g, '.')
    .replace(/\.$/, '');
}
