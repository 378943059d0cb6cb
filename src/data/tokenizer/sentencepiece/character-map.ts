/** What a SentencePiece model puts in place of characters: a Darts double array of byte strings, and the texts it points to. */
export interface CharacterMap {
  /** Each a byte string and a place in `texts`, in the form of the library Darts-clone. */
  readonly units: Uint32Array;
  /** UTF-8, each text ended by a NUL. */
  readonly texts: Uint8Array;
}

/** Reads a `precompiled_charsmap`. Throws an Error where it is none, with sentencepiece's own checks. */
export function readCharacterMap(bytes: Uint8Array): CharacterMap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.byteLength > 4 ? view.getUint32(0, true) : 0;
  if (size < 1024 || size % 1024 !== 0 || size >= bytes.byteLength - 4)
    throw new Error(`its character map of ${bytes.byteLength} bytes begins with the size ${size}, which it cannot have`);
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + size);
  if (texts.at(-1) !== 0) throw new Error('the texts of its character map have no end');
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(texts);
  } catch {
    throw new Error('the texts of its character map are not UTF-8');
  }
  throwIfBroken(units, texts);
  return { units, texts };
}

/** Every way through the array stays inside of it, and every text that it points to begins with a character. */
function throwIfBroken(units: Uint32Array, texts: Uint8Array): void {
  const broken = new Error('its character map leads outside of itself');
  const root = units[0]!;
  if (label(root) !== 0 || hasLeaf(root) || offset(root) === 0 || (offset(root) | 0xff) >>> 0 >= units.length) throw broken;
  for (let i = 1; i < units.length; i++) {
    const unit = units[i]!;
    if (isLeaf(unit)) {
      const at = unit & LEAF_VALUE;
      if (at >= texts.length || (texts[at]! & 0xc0) === 0x80) throw broken;
      continue;
    }
    const child = (i ^ offset(unit)) >>> 0;
    if ((child | 0xff) >>> 0 >= units.length || (hasLeaf(unit) && !isLeaf(units[child]!))) throw broken;
  }
}

/**
 * Finds the entry of the map with which a text begins.
 *
 * @returns where its text begins in `texts`, or -1; `length()` says how many bytes of the text it covers
 */
export function entryFinder(
  { units }: CharacterMap,
  which: 'longest' | 'shortest',
): { find(text: Uint8Array, from: number, to: number): number; length(): number } {
  let length = 0;
  const first = offset(units[0]!);
  return {
    find(text, from, to) {
      let node = first;
      let found = -1;
      for (let at = from, entries = 0; at < to; at++) {
        const byte = text[at]!;
        // To the Rust library a NUL is the end of a text.
        if (byte === 0 && which === 'shortest') break;
        const unit = units[node ^ byte]!;
        if (label(unit) !== byte) break;
        node = (node ^ byte ^ offset(unit)) >>> 0;
        if (!hasLeaf(unit)) continue;
        found = units[node]! & LEAF_VALUE;
        length = at + 1 - from;
        if (which === 'shortest' || ++entries === MOST_ENTRIES) break;
      }
      return found;
    },
    length: () => length,
  };
}

/** Where a text of the map ends. */
export function endOfText({ texts }: CharacterMap, from: number): number {
  let end = from;
  while (texts[end] !== 0) end++;
  return end;
}

/** sentencepiece looks at no more. */
const MOST_ENTRIES = 32;

const LEAF_VALUE = 0x7fff_ffff;
const isLeaf = (unit: number): boolean => unit >>> 31 === 1;
const hasLeaf = (unit: number): boolean => ((unit >>> 8) & 1) === 1;
/** Of a leaf this is no byte. */
const label = (unit: number): number => (unit & 0x8000_00ff) >>> 0;
const offset = (unit: number): number => ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
