import type { Part } from '../definition/definition.ts';
import { albertParts, asAlbert, withoutDigitCommas } from './albert.ts';
import type { SentencePieceDescription } from './description.ts';
import { isWord, type SentencePieceFile } from './file.ts';
import { sentencePieceNormalizer } from './sentencepiece.ts';

interface Preparation {
  /** What becomes of a text before SentencePiece reads it. */
  readonly prepare: (text: string) => string;
  readonly prepared: SentencePieceFile;
  /** The same as normalizers of a tokenizer.json. */
  readonly parts: readonly Part[];
}

/**
 * What the classes in Transformers do to texts: DeBERTa's puts them in small letters where tokenizer_config.json says so. ALBERT's always
 * does, and takes accents off, for its models were trained on such texts; a model whose own character map puts texts in small letters was
 * not, and is used as it is unless tokenizer_config.json says otherwise.
 */
export function preparation({ family, file, settings }: SentencePieceDescription): Preparation {
  if (family === 'albert') {
    const hasOwn = foldsCase(file);
    const lower = typeof settings.do_lower_case === 'boolean' ? settings.do_lower_case : !hasOwn;
    const keepAccents = typeof settings.keep_accents === 'boolean' ? settings.keep_accents : hasOwn;
    if (lower || !keepAccents) {
      const parts = albertParts(lower, keepAccents);
      return { prepare: asAlbert(lower, keepAccents), prepared: withoutDigitCommas(file), parts };
    }
  }
  const lower = family === 'deberta-v2' && settings.do_lower_case === true;
  return lower
    ? { prepare: (text) => text.toLowerCase(), prepared: file, parts: [{ type: 'Lowercase' }] }
    : { prepare: (text) => text, prepared: file, parts: [] };
}

function foldsCase(file: SentencePieceFile): boolean {
  if (!file.pieces.some(({ type }) => isWord(type))) return false;
  const [bytes, length] = sentencePieceNormalizer({ ...file, pieces: [] })('A');
  return Buffer.from(bytes.subarray(0, length)).includes('a');
}
