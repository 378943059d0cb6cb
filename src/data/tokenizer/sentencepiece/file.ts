import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** What a piece of a SentencePiece model is: the names of its format, in the order of their numbers. */
const TYPES = ['normal', 'unknown', 'control', 'user-defined', 'unused', 'byte'] as const;

export type PieceType = (typeof TYPES)[number];

export interface Piece {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly score: number;
  readonly type: PieceType;
}

/** A SentencePiece model as its file describes it: what matters for encoding. */
export interface SentencePieceFile {
  readonly kind: 'unigram' | 'bpe' | 'word' | 'char';
  /** By their ids. */
  readonly pieces: readonly Piece[];
  readonly unknownId: number;
  readonly byteFallback: boolean;
  readonly spaceIsSuffix: boolean;
  /** What it puts in place of characters; undefined where it leaves them. */
  readonly characterMap: Uint8Array | undefined;
  readonly addsSpace: boolean;
  readonly removesSpaces: boolean;
  readonly escapesSpaces: boolean;
}

/**
 * Reads a SentencePiece model, the protobuf message ModelProto of sentencepiece_model.proto. Throws an Error that says what is wrong,
 * wherever sentencepiece itself refuses a model.
 */
export function readSentencePieceFile(bytes: Uint8Array): SentencePieceFile {
  const pieces: Piece[] = [];
  let [trainer, normalizer] = [{ kind: 1, byteFallback: false, spaceIsSuffix: false }, NORMALIZER];
  eachField(bytes, (field, type, reader) => {
    if (type !== WireType.LengthDelimited || ![1, 2, 3].includes(field)) return false;
    const inner = reader.bytes();
    if (field === 1) pieces.push(readPiece(inner));
    else if (field === 2) trainer = readTrainer(inner, trainer);
    else normalizer = readNormalizer(inner, normalizer);
    return true;
  });
  const kind = KINDS[trainer.kind - 1];
  if (kind === undefined) throw new Error(`it is a SentencePiece model of the type ${trainer.kind}, which is not known`);
  // Tools that convert models write such a piece beside <0x00>; sentencepiece leaves it out.
  const sound = trainer.byteFallback ? pieces.map((piece) => (isNull(piece) ? { ...piece, type: 'unused' as const } : piece)) : pieces;
  const unknownId = checked(sound, trainer.byteFallback);
  return { kind, pieces: sound, unknownId, byteFallback: trainer.byteFallback, spaceIsSuffix: trainer.spaceIsSuffix, ...normalizer };
}

const KINDS = ['unigram', 'bpe', 'word', 'char'] as const;

export const isNull = ({ bytes }: Piece): boolean => bytes.length === 1 && bytes[0] === 0;

const NORMALIZER = {
  characterMap: undefined as Uint8Array | undefined,
  addsSpace: true,
  removesSpaces: true,
  escapesSpaces: true,
};

/** Calls `read` for each field of a message, which reads its value or returns false. Throws an Error where the message is none. */
function eachField(bytes: Uint8Array, read: (field: number, type: WireType, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (!read(field, type, reader)) reader.skip(type, field);
    }
  } catch (error) {
    throw new Error('it is not a SentencePiece model', { cause: error });
  }
  if (reader.pos !== reader.len) throw new Error('it is not a SentencePiece model: it ends too early');
}

function readPiece(bytes: Uint8Array): Piece {
  let [text, score, type]: [Uint8Array, number, PieceType] = [new Uint8Array(0), 0, 'normal'];
  eachField(bytes, (field, wire, reader) => {
    if (field === 1 && wire === WireType.LengthDelimited) text = reader.bytes();
    else if (field === 2 && wire === WireType.Bit32) score = reader.float();
    else if (field === 3 && wire === WireType.Varint) type = TYPES[reader.int32() - 1] ?? type;
    else return false;
    return true;
  });
  return { bytes: text, text: decoder.decode(text), score, type };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function readTrainer<T extends { readonly kind: number }>(bytes: Uint8Array, before: T): T {
  const found: Record<string, unknown> = {};
  eachField(bytes, (field, wire, reader) => {
    if (wire !== WireType.Varint) return false;
    if (field === 3) found['kind'] = reader.int32();
    else if (field === 24) found['spaceIsSuffix'] = reader.bool();
    else if (field === 35) found['byteFallback'] = reader.bool();
    else return false;
    return true;
  });
  return { ...before, ...found };
}

function readNormalizer(bytes: Uint8Array, before: typeof NORMALIZER): typeof NORMALIZER {
  const found: { -readonly [key in keyof typeof NORMALIZER]?: (typeof NORMALIZER)[key] } = {};
  eachField(bytes, (field, wire, reader) => {
    if (field === 2 && wire === WireType.LengthDelimited) {
      const map = reader.bytes();
      found.characterMap = map.length === 0 ? undefined : map;
    } else if (wire !== WireType.Varint) return false;
    else if (field === 3) found.addsSpace = reader.bool();
    else if (field === 4) found.removesSpaces = reader.bool();
    else if (field === 5) found.escapesSpaces = reader.bool();
    else return false;
    return true;
  });
  return { ...before, ...found };
}

/** The id of the unknown piece, -1 where bytes stand for what is unknown and there is none. */
function checked(pieces: readonly Piece[], byteFallback: boolean): number {
  const [words, reserved] = [new Set<string>(), new Set<string>()];
  const known = new Set<number>();
  let unknownId = -1;
  pieces.forEach((piece, id) => {
    const { bytes, text, score, type } = piece;
    if (bytes.length === 0) throw new Error(`its piece ${id} is empty`);
    if (!Number.isFinite(score)) throw new Error(`the score of its piece ${id} is ${score}`);
    if (isNull(piece) && type === 'unused') return;
    if (bytes.includes(0)) throw new Error(`its piece ${id} has a NUL in it`);
    if (bytes.length >= LONGEST_PIECE) throw new Error(`its piece ${id} has ${bytes.length} bytes`);
    const set = isWord(type) ? words : reserved;
    const key = Buffer.from(bytes).toString('latin1');
    if (set.has(key)) throw new Error(`its piece ${id}, ${JSON.stringify(text)}, is there twice`);
    set.add(key);
    if (type === 'unknown') {
      if (unknownId !== -1) throw new Error(`its pieces ${unknownId} and ${id} are both the unknown one`);
      unknownId = id;
    }
    if (type === 'byte') {
      const byte = byteOf(text);
      if (!byteFallback || byte === undefined) throw new Error(`its piece ${JSON.stringify(text)} is not a byte`);
      known.add(byte);
    }
  });
  if (pieces.length === 0) throw new Error('it has no pieces');
  if (unknownId === -1 && !byteFallback) throw new Error('it has no unknown piece');
  if (byteFallback && known.size !== 256) throw new Error(`it has pieces for ${known.size} bytes, not for 256`);
  return unknownId;
}

/** Pieces of these types may occur in texts. */
export const isWord = (type: PieceType): boolean => type === 'normal' || type === 'user-defined' || type === 'unused';

/** The byte that a piece such as `<0x0A>` stands for. */
export function byteOf(text: string): number | undefined {
  return /^<0x[0-9A-F]{2}>$/.test(text) ? Number.parseInt(text.slice(3, 5), 16) : undefined;
}

/** sentencepiece takes no longer ones. */
const LONGEST_PIECE = 8000;
