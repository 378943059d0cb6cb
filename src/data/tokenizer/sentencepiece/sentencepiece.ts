import { endOfText, entryFinder, readCharacterMap } from './character-map.ts';
import { characterLength, makeRoom, scratch, writeText } from './growable-bytes.ts';
import { pieceTrie, type PieceTrie } from './piece-trie.ts';
import { byteOf, isNull, isWord, type SentencePieceFile } from './file.ts';
import { bestPathFinder } from './unigram.ts';

/** The ids of a text, without special tokens. */
export type EncodePieces = (text: string) => number[];

/**
 * Encodes as the library sentencepiece does (version 0.2.3): its normalization, its float32 scores, its order among equally good ways,
 * adjacent unknown characters as one, bytes for unknown ones where the model has them. Control pieces, the unknown one and bytes are found
 * in no text. Throws an Error for a model that cannot be encoded with.
 */
export function sentencePieceEncoder(file: SentencePieceFile): EncodePieces {
  if (file.kind !== 'unigram') {
    const names = { bpe: 'BPE', word: 'words', char: 'characters' };
    throw new Error(`it is a SentencePiece model of ${names[file.kind]}, and only those of the type unigram can be used`);
  }
  const { pieces, unknownId, byteFallback } = file;
  const words = pieces.flatMap((piece, id) => (isWord(piece.type) && !isNull(piece) ? [{ ...piece, id }] : []));
  if (words.length === 0) throw new Error('it has no pieces that texts are made of');
  const scores = Float32Array.from(pieces, ({ type, score, bytes }) => (type === 'user-defined' ? 0.1 * (bytes.length - 1) : score));
  const lowest = pieces.reduce((least, { type, score }) => (type === 'normal' ? Math.min(least, score) : least), LARGEST_FLOAT);
  const find = bestPathFinder({
    trie: pieceTrie(words.filter(({ type }) => type !== 'unused').map(({ bytes, id }) => [bytes, id])),
    scores,
    unknownScore: Math.fround(lowest - UNKNOWN_PENALTY),
    precision: 'float32',
  });
  const bytes = new Int32Array(256);
  pieces.forEach(({ type, text }, id) => {
    if (type === 'byte') bytes[byteOf(text) ?? 0] = id;
  });
  const normalize = sentencePieceNormalizer(file);
  return (text) => {
    const [normalized, length] = normalize(text);
    if (length === 0) return [];
    const path = find(normalized, length);
    const ids: number[] = [];
    let wasUnknown = false;
    for (let i = path.count - 1; i >= 0; i--) {
      const piece = path.pieces(i);
      if (piece !== -1) ids.push(piece);
      else if (byteFallback) {
        const end = i === 0 ? length : path.starts(i - 1);
        for (let at = path.starts(i); at < end; at++) ids.push(bytes[normalized[at]!]!);
      } else if (!wasUnknown) ids.push(unknownId);
      wasUnknown = piece === -1;
    }
    return ids;
  };
}

/** Added to the lowest score of a piece for a character that is none. */
const UNKNOWN_PENALTY = 10;
const LARGEST_FLOAT = 3.4028234663852886e38;

/**
 * What sentencepiece makes of a text before it cuts it: a reader of it and its length in bytes, which last until the next call.
 * Source: `Normalizer::Normalize`.
 */
export function sentencePieceNormalizer(
  file: Pick<SentencePieceFile, 'pieces' | 'spaceIsSuffix' | 'characterMap' | 'addsSpace' | 'removesSpaces' | 'escapesSpaces'>,
): (text: string) => readonly [Uint8Array, number] {
  const { spaceIsSuffix, addsSpace, removesSpaces, escapesSpaces } = file;
  const [input, output] = [scratch(), scratch()];
  const next = prefixReader(file);
  const space = escapesSpaces ? META_SPACE : Uint8Array.of(SPACE);
  let length = 0;
  const addSpace = (): void => {
    makeRoom(output, length + space.length).set(space, length);
    length += space.length;
  };
  const endsWithSpace = (): boolean => space.every((byte, i) => output.bytes[length - space.length + i] === byte);
  return (text) => {
    const size = writeText(text, input);
    const bytes = input.bytes;
    let at = 0;
    length = 0;
    if (removesSpaces) {
      for (; at < size; at += next.length) {
        next.read(bytes, at, size);
        if (next.to - next.from !== 1 || next.source[next.from] !== SPACE) break;
      }
    }
    if (at === size) return [output.bytes, 0];
    if (!spaceIsSuffix && addsSpace) addSpace();
    let afterSpace = removesSpaces;
    for (; at < size; at += next.length) {
      next.read(bytes, at, size);
      const { source, to } = next;
      let from = next.from;
      if (afterSpace) while (from < to && source[from] === SPACE) from++;
      if (from < to) {
        const room = makeRoom(output, length + (to - from) * space.length);
        for (; from < to; from++) {
          const byte = source[from]!;
          if (byte === SPACE) for (const each of space) room[length++] = each;
          else room[length++] = byte;
        }
        afterSpace = removesSpaces && source[to - 1] === SPACE;
      } else if (!removesSpaces) afterSpace = false;
    }
    if (removesSpaces) while (length >= space.length && endsWithSpace()) length -= space.length;
    if (spaceIsSuffix && addsSpace) addSpace();
    return [output.bytes, length];
  };
}

const SPACE = 0x20;
/** U+2581, which stands for a space. */
const META_SPACE = Uint8Array.of(0xe2, 0x96, 0x81);

/** What stands at a place of a text, and what it becomes: bytes `from` to `to` of `source`. */
interface PrefixReader {
  source: Uint8Array;
  from: number;
  to: number;
  /** Bytes of the text. */
  length: number;
  read(text: Uint8Array, at: number, size: number): void;
}

/** User-defined pieces stay as they are, then the longest entry of the character map counts; anything else is one character. */
function prefixReader({ pieces, characterMap }: Pick<SentencePieceFile, 'pieces' | 'characterMap'>): PrefixReader {
  const own = pieces.filter(({ type }) => type === 'user-defined').map(({ bytes }) => [bytes, 0] as const);
  const trie = own.length === 0 ? undefined : pieceTrie(own);
  const map = characterMap === undefined ? undefined : readCharacterMap(characterMap);
  const entries = map === undefined ? undefined : entryFinder(map, 'longest');
  const reader: PrefixReader = {
    source: new Uint8Array(0),
    from: 0,
    to: 0,
    length: 0,
    read(text, at, size) {
      const own = trie === undefined ? 0 : longestOf(trie, text, at, size);
      const entry = own > 0 || entries === undefined ? -1 : entries.find(text, at, size);
      if (entry === -1 || map === undefined || entries === undefined) {
        reader.length = own > 0 ? own : Math.min(characterLength(text[at]!), size - at);
        reader.source = text;
        reader.from = at;
        reader.to = at + reader.length;
        return;
      }
      reader.length = entries.length();
      reader.source = map.texts;
      reader.from = entry;
      reader.to = endOfText(map, entry);
    },
  };
  return reader;
}

function longestOf({ next, values }: PieceTrie, text: Uint8Array, at: number, size: number): number {
  let longest = 0;
  for (let node = 0, end = at, found = 0; end < size && found < MOST_OWN; ) {
    node = next(node, text[end++]!);
    if (node === 0) break;
    if (values[node] === -1) continue;
    longest = end - at;
    found++;
  }
  return longest;
}

/** sentencepiece looks at no more of those that begin at one place. */
const MOST_OWN = 64;
