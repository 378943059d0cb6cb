import { countUp, lookup } from '../../core/values.ts';

/** Names for figures and narrow columns: short, and still told apart. */

/** Where a name may be cut without cutting a word. */
const BOUNDARY = /[+\s/_·-]/;

/** Names without the beginning that all of them share, cut in their middle where they are longer than `most`, and never two the same. */
export function shortLabels(names: readonly string[], most: number): readonly string[] {
  const shared = sharedBeginning([...new Set(names)]);
  const seen = new Map<string, number>();
  const distinct = new Map<string, string>();
  for (const name of new Set(names)) {
    const short = middleCut(name.slice(shared), most);
    const times = countUp(seen, short);
    distinct.set(name, times === 1 ? short : `${short} (${times})`);
  }
  return names.map((name) => lookup(distinct, name));
}

/** Paths of parameters by their last keys, as many as tell each apart from the others: `optimizer.lr` and `head.lr`, but `dense`. */
export function shortPaths(paths: readonly string[]): readonly string[] {
  return paths.map((path) => {
    const keys = path.split('.');
    const endings = keys.map((_, i) => keys.slice(keys.length - 1 - i).join('.'));
    return endings.find((ending) => paths.filter((other) => `.${other}`.endsWith(`.${ending}`)).length === 1) ?? path;
  });
}

/** How many characters all names begin with alike, up to a boundary; none where that would leave one without a name. */
function sharedBeginning(names: readonly string[]): number {
  const [first = ''] = names;
  if (names.length < 2) return 0;
  let alike = 0;
  while (alike < first.length && names.every((name) => name[alike] === first[alike])) alike += 1;
  while (alike > 0 && !BOUNDARY.test(first[alike - 1] ?? '')) alike -= 1;
  return names.some((name) => name.length === alike) ? 0 : alike;
}

/** `the-beginning…the-end` */
function middleCut(name: string, most: number): string {
  const characters = [...name];
  if (characters.length <= most) return name;
  const after = Math.floor((most - 1) / 2);
  return `${characters.slice(0, most - 1 - after).join('')}…${characters.slice(-after).join('')}`;
}
