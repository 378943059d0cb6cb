import type { AddedToken } from '../definition/added-tokens.ts';
import type { Definition, Part } from '../definition/definition.ts';
import { FAMILIES, templatePart } from '../families.ts';
import type { SentencePieceDescription } from './description.ts';
import type { SentencePieceFile } from './file.ts';
import { preparation } from './preparation.ts';

/**
 * A tokenizer.json for programs that read no SentencePiece model. It is as near to the model as such a file can be, and not the same: the
 * Rust library applies a character map by grapheme clusters, and finds special tokens in texts. Undefined for a model that no such file
 * can come near to.
 */
export function asDefinition(description: SentencePieceDescription): Definition | undefined {
  const { family, tokens, vocabulary, idOfPiece, found } = description;
  const { prepared: file, parts } = preparation(description);
  if (file.kind !== 'unigram' || file.spaceIsSuffix || !file.escapesSpaces) return undefined;
  const ids = new Map([...vocabulary].map(([id, token]) => [token, id]));
  const size = idOfPiece.reduce((most, id) => Math.max(most, id + 1), 0);
  const pieces = Array.from({ length: size }, (_, id): [string, number] => [vocabulary.get(id) ?? `<unused${id}>`, 0]);
  file.pieces.forEach(({ text, score }, piece) => {
    const entry = pieces[idOfPiece[piece]!]!;
    if (entry[0] === text) entry[1] = score;
  });
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const special = [...new Set(Object.values(tokens))].map((content) => ({ ...plain, id: ids.get(content)!, content, special: true }));
  const added: readonly AddedToken[] = [...special, ...found.map((token) => ({ ...plain, ...token }))];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.toSorted((a, b) => a.id - b.id),
    normalizer: { type: 'Sequence', normalizers: [...parts, ...normalizers(file)] },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: file.addsSpace ? 'always' : 'never', split: false },
    post_processor: templatePart(FAMILIES[family], tokens, (token) => ids.get(token)!),
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: file.addsSpace ? 'always' : 'never', split: false },
    model: {
      type: 'Unigram',
      unk_id: file.unknownId === -1 ? null : idOfPiece[file.unknownId],
      vocab: pieces,
      byte_fallback: file.byteFallback,
    },
  };
}

function normalizers({ characterMap, removesSpaces }: SentencePieceFile): readonly Part[] {
  const replaceSpaces: Part = { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' };
  return [
    ...(characterMap === undefined
      ? []
      : [{ type: 'Precompiled', precompiled_charsmap: Buffer.from(characterMap).toString('base64') }]),
    // A regular expression for the spaces at both ends alone would not do for JavaScript's libraries.
    ...(removesSpaces ? [{ type: 'Strip', strip_left: true, strip_right: true }, replaceSpaces] : []),
  ];
}
