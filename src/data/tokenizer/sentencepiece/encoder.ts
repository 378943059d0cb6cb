import { tokenFinder } from '../definition/added-tokens.ts';
import type { TextEncoder } from '../definition/encoder.ts';
import { FAMILIES, templatePart } from '../families.ts';
import type { SentencePieceDescription } from './description.ts';
import { preparation } from './preparation.ts';
import { sentencePieceEncoder } from './sentencepiece.ts';
import { templateOf } from '../definition/template.ts';

/** Encodes with a SentencePiece model as the library itself does. Throws an Error that says what is wrong with it. */
export function descriptionEncoder(description: SentencePieceDescription): TextEncoder {
  const { family, file, idOfPiece, settings, tokens, found, vocabulary } = description;
  const { prepare, prepared } = preparation(description);
  const encode = sentencePieceEncoder(prepared);
  const find = tokenFinder(found, found.map(({ content }) => content));
  const ids = new Map([...vocabulary].map(([id, token]) => [token, id]));
  if (settings.split_by_punct === true) throw new Error('tokenizer_config.json has split_by_punct: true, which is not supported');
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
