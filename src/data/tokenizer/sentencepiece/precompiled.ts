import { endOfText, entryFinder, readCharacterMap } from './character-map.ts';
import { scratch, writeText } from './growable-bytes.ts';
import { clusterEnd } from '../characters/graphemes.ts';

/**
 * The normalizer Precompiled as the Rust library applies a SentencePiece model's character map: a grapheme cluster of less than six bytes
 * becomes, as a whole, what the shortest entry says that it begins with; of any other cluster so does each character. sentencepiece itself
 * applies the map otherwise. Throws an Error where it is no map.
 */
export function precompiled(base64: unknown): (text: string) => string {
  if (typeof base64 !== 'string') throw new Error('its normalizer Precompiled has no character map');
  const bytes = Buffer.from(base64, 'base64');
  // Old files have none.
  if (bytes.length === 0) return (text) => text;
  const map = readCharacterMap(new Uint8Array(bytes));
  const entries = entryFinder(map, 'shortest');
  const part = scratch(64);
  const known = new Map<string, string | undefined>();

  const entryOf = (text: string): string | undefined => {
    if (known.has(text)) return known.get(text);
    const from = entries.find(part.bytes, 0, writeText(text, part));
    const entry = from === -1 ? undefined : decoder.decode(map.texts.subarray(from, endOfText(map, from)));
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(text, entry);
    return entry;
  };
  return (text) => {
    let out = '';
    for (let at = 0, end = 0; at < text.length; at = end) {
      const code = text.charCodeAt(at);
      const isAlone = code >= FIRST_SIGN && code < ASCII_END && (at + 1 === text.length || isPlainCode(text.charCodeAt(at + 1)));
      end = isAlone ? at + 1 : clusterEnd(text, at);
      const cluster = text.slice(at, end);
      const whole = isShort(cluster) ? entryOf(cluster) : undefined;
      if (whole !== undefined) out += whole;
      else if (isAlone) out += cluster;
      else for (const character of cluster) out += entryOf(character) ?? character;
    }
    return out;
  };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const FIRST_SIGN = 0x20;
const ASCII_END = 0x7f;
const isPlainCode = (code: number): boolean => code >= FIRST_SIGN && code < ASCII_END;

const MOST_BYTES = 5;
const isShort = (cluster: string): boolean => cluster.length <= MOST_BYTES && Buffer.byteLength(cluster) <= MOST_BYTES;

const MOST_KNOWN = 50_000;
