import { tokenFinder } from '../definition/added-tokens.ts';
import type { TextEncoder } from '../definition/encoder.ts';
import { FAMILIES, templatePart } from '../families.ts';
import type { SentencePieceDescription } from './description.ts';
import { isWord, type SentencePieceFile } from './file.ts';
import { sentencePieceEncoder, sentencePieceNormalizer } from './sentencepiece.ts';
import { templateOf } from '../definition/template.ts';
import { asAlbert, withoutDigitCommas } from './albert.ts';

/** Encodes with a SentencePiece model as the library itself does. Throws an Error that says what is wrong with it. */
export function descriptionEncoder(description: SentencePieceDescription): TextEncoder {
  const { family, file, idOfPiece, settings, tokens, found, vocabulary } = description;
  const { prepare, prepared } = preparation(description);
  const encode = sentencePieceEncoder(prepared);
  const find = tokenFinder(found, found.map(({ content }) => content));
  const ids = new Map([...vocabulary].map(([id, token]) => [token, id]));
  if (settings.split_by_punct === true) throw new Error('tokenizer_config.json has split_by_punct: true, which is not known here');
  return {
    idsOf: (text) =>
      find(text).flatMap((section) =>
        typeof section === 'number' ? [section] : encode(prepare(section.text)).map((piece) => idOfPiece[piece]!),
      ),
    unknownId: file.unknownId === -1 ? undefined : idOfPiece[file.unknownId],
    padId: ids.get(tokens.pad),
    template: templateOf(templatePart(FAMILIES[family], tokens, (token) => ids.get(token)!), (token) => ids.get(token)!),
  };
}

interface Preparation {
  /** What becomes of a text before SentencePiece reads it. */
  readonly prepare: (text: string) => string;
  readonly prepared: SentencePieceFile;
}

/**
 * What the classes in Transformers do to texts: DeBERTa's puts them in small letters where tokenizer_config.json says so. ALBERT's always
 * does, and takes accents off, for its models were trained on such texts; a model whose own character map puts texts in small letters was
 * not, and is used as it is unless tokenizer_config.json says otherwise.
 */
function preparation({ family, file, settings }: SentencePieceDescription): Preparation {
  if (family === 'albert') {
    const hasOwn = foldsCase(file);
    const lower = typeof settings.do_lower_case === 'boolean' ? settings.do_lower_case : !hasOwn;
    const keepAccents = typeof settings.keep_accents === 'boolean' ? settings.keep_accents : hasOwn;
    if (lower || !keepAccents) return { prepare: asAlbert(lower, keepAccents), prepared: withoutDigitCommas(file) };
  }
  const lower = family === 'deberta-v2' && settings.do_lower_case === true;
  return { prepare: lower ? (text) => text.toLowerCase() : (text) => text, prepared: file };
}

function foldsCase(file: SentencePieceFile): boolean {
  if (!file.pieces.some(({ type }) => isWord(type))) return false;
  const [bytes, length] = sentencePieceNormalizer({ ...file, pieces: [] })('A');
  return Buffer.from(bytes.subarray(0, length)).includes('a');
}
