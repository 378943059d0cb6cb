import { stableJson } from '../../core/hash.ts';
import type { KeyParts, Manifest } from './manifest.ts';

/**
 * Why there is no entry for a job yet: how it differs from the entry of its stage that is nearest to it, the newest of
 * equally near ones. Sentences without a full stop.
 *
 * @param paths of the job's files, by name
 */
export function reasonsToMake(parts: KeyParts, earlier: readonly Manifest[], paths: Readonly<Record<string, string>>): readonly string[] {
  const sameFold = earlier.filter((manifest) => manifest.parts.fold === parts.fold);
  const compared = (sameFold.length > 0 ? sameFold : earlier).map((manifest) => ({
    made: manifest.made,
    reasons: differences(manifest.parts, parts, paths),
  }));
  const [nearest] = compared.sort((a, b) => a.reasons.length - b.reasons.length || b.made.localeCompare(a.made));
  if (nearest === undefined) return ['never made before'];
  return nearest.reasons.length > 0 ? nearest.reasons : ['made before, and removed since'];
}

function differences(before: KeyParts, now: KeyParts, paths: Readonly<Record<string, string>>): readonly string[] {
  const asked = now.fold === undefined ? 'the whole' : `fold ${now.fold}`;
  const fold = before.fold === now.fold ? [] : [`${asked} was never made before`];
  const version = before.version === now.version ? [] : [`the stage changed, version ${before.version} → ${now.version}`];
  const params = changed(leafTexts(before.params), leafTexts(now.params)).map(([path, from, to]) => `${path} changed ${from} → ${to}`);
  const contents = changed(before.contents, now.contents).map(
    ([name, from, to]) => `${paths[name] ?? name} ${from === NOTHING ? 'is new' : to === NOTHING ? 'is gone' : 'has other content'}`,
  );
  const inputs = changed(leafTexts(before.inputs), leafTexts(now.inputs)).map(([kind]) => `its ${kind.replace(/\.\d+$/, '')} changed`);
  const engine = changed(leafTexts(before.engine), leafTexts(now.engine)).map(([name, from, to]) => `${name} changed ${from} → ${to}`);
  return [...fold, ...version, ...params, ...contents, ...new Set(fold.length > 0 ? [] : inputs), ...engine];
}

const NOTHING = 'nothing';

/** Name, old and new value, as texts, of everything that differs. */
function changed(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): readonly (readonly [string, string, string])[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names.filter((name) => before[name] !== now[name]).map((name) => [name, before[name] ?? NOTHING, now[name] ?? NOTHING]);
}

/** Dotted path to each value that is not an object, as JSON without quotes around texts. Lists of numbers stay whole. */
function leafTexts(value: unknown, path = ''): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || (Array.isArray(value) && typeof value[0] !== 'string')) {
    return { [path]: typeof value === 'string' ? value : stableJson(value) };
  }
  const below = (key: string): string => (path === '' ? key : `${path}.${key}`);
  return Object.assign({}, ...Object.entries(value).map(([key, member]) => leafTexts(member, below(key)))) as Record<string, string>;
}
