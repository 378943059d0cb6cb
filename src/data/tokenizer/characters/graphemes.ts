import { decodedRanges } from './characters.ts';
import * as ranges from './grapheme-ranges.ts';

/** Where the extended grapheme cluster ends that begins at a place of a text (UAX #29, rules GB3 to GB999). */
export function clusterEnd(text: string, start: number): number {
  const kinds = kindsOfCharacters();
  let code = text.codePointAt(start)!;
  let before = kinds[code]!;
  let end = start + (code > 0xffff ? 2 : 1);
  let pictograph = before === PICTOGRAPH; // and nothing but Extend since
  let isRegional = before === REGIONAL; // the first of a pair
  let conjunct = before === CONSONANT ? CONJOINING : NONE;
  while (end < text.length) {
    const next = text.codePointAt(end)!;
    const after = kinds[next]!;
    let joins = alwaysJoins(before, after);
    if (after === PICTOGRAPH && before === ZWJ) joins = pictograph;
    else if (after === REGIONAL && before === REGIONAL) joins = isRegional;
    else if (after === CONSONANT && before !== PREPEND && !isHard(before)) joins = conjunct === LINKED;
    if (!joins) return end;
    if (after !== ZWJ && after !== EXTEND && after !== LINKER) pictograph = after === PICTOGRAPH;
    else if (before === ZWJ) pictograph = false;
    isRegional = after === REGIONAL && !(isRegional && before === REGIONAL);
    if (after === CONSONANT) conjunct = CONJOINING;
    else if (after === LINKER) conjunct = conjunct === NONE ? NONE : LINKED;
    else if ((after !== EXTEND && after !== ZWJ) || next === NON_JOINER) conjunct = NONE;
    [before, code] = [after, next];
    end += code > 0xffff ? 2 : 1;
  }
  return end;
}

const isHard = (kind: number): boolean => kind === CONTROL || kind === CR || kind === LF;

function alwaysJoins(before: number, after: number): boolean {
  if (before === CR && after === LF) return true;
  if (isHard(before) || isHard(after)) return false;
  if (after === EXTEND || after === LINKER || after === ZWJ || after === SPACING || before === PREPEND) return true;
  if (before === L) return after === L || after === V || after === LV || after === LVT;
  if (before === LV || before === V) return after === V || after === T;
  return (before === LVT || before === T) && after === T;
}

// 0 is any other.
const CR = 1;
const LF = 2;
const CONTROL = 3;
const EXTEND = 4;
const LINKER = 5;
const ZWJ = 6;
const SPACING = 7;
const PREPEND = 8;
const PICTOGRAPH = 9;
const CONSONANT = 10;
const REGIONAL = 11;
const L = 12;
const V = 13;
const T = 14;
const LV = 15;
const LVT = 16;

/** A consonant goes on before, and a linker has come since. */
const NONE = 0;
const CONJOINING = 1;
const LINKED = 2;

/** Extends a cluster, but not a conjunct. */
const NON_JOINER = 0x200c;

/** [code points] What each is in a cluster. */
function kindsOfCharacters(): Uint8Array {
  return (kinds ??= everyKind());
}

let kinds: Uint8Array | undefined;

function everyKind(): Uint8Array {
  const table = new Uint8Array(0x110000);
  const sets = [
    [CONTROL, ranges.control],
    [EXTEND, ranges.extend],
    [SPACING, ranges.spacing],
    [PREPEND, ranges.prepend],
    [PICTOGRAPH, ranges.pictographic],
    [CONSONANT, ranges.consonant],
    [L, ranges.lead],
    [V, ranges.vowels],
    [T, ranges.trail],
  ] as const;
  for (const [kind, text] of sets) for (const [from, to] of decodedRanges(text)) table.fill(kind, from, to + 1);
  for (const linker of ranges.linkers) table[linker] = LINKER;
  for (let code = FIRST_SYLLABLE; code <= LAST_SYLLABLE; code++) table[code] = (code - FIRST_SYLLABLE) % 28 === 0 ? LV : LVT;
  table.fill(REGIONAL, 0x1f1e6, 0x1f200);
  [table[0x0d], table[0x0a], table[0x200d]] = [CR, LF, ZWJ];
  return table;
}

const [FIRST_SYLLABLE, LAST_SYLLABLE] = [0xac00, 0xd7a3];
