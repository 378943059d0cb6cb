import { OrtrainError } from '../../core/errors.ts';
import { cut } from '../../core/shapes.ts';
import { tokenFinder, type AddedToken, type Section } from './added-tokens.ts';
import { isPlain } from './characters.ts';
import { readDescription, tokenText } from './definition.ts';
import type { PatternList } from './patterns.ts';
import { unusable } from './problems.ts';
import { reconciled } from './reconciled.ts';

/** A text's token ids, with the special tokens and without padding. */
export interface EncodedText {
  readonly ids: readonly number[];
  /** True where tokens were cut off. */
  readonly truncated: boolean;
  /** How many of the ids stand for something that the vocabulary lacks. */
  readonly unknown: number;
}

export interface Tokenizer {
  /** What it was made of: paths by file name. */
  readonly files: Readonly<Record<string, string>>;
  readonly padId: number;
  /** The id of what the vocabulary lacks; undefined where it lacks nothing. */
  readonly unknownId: number | undefined;
  /** How many special tokens every text gets. */
  readonly specialTokens: number;
  /** Regular expressions that came with it. Where there are any, `encode` may take for ever, and is called only where it can be ended. */
  readonly patterns: PatternList;
  /** What it takes from tokenizer_config.json against tokenizer.json, in sentences. */
  readonly changes: readonly string[];
  /** At most `maxLength` ids, the special tokens at both ends among them; `maxLength` is above `specialTokens`. */
  encode(text: string, maxLength: number): EncodedText;
}

/**
 * The tokenizer of a model. `files`: paths by file name; `tokenizer.json` is needed, `tokenizer_config.json` used where given.
 * Ids are those of the Rust library tokenizers. A `data` error where they are missing, are no tokenizer, or lack a padding token.
 */
export async function loadTokenizer(files: Readonly<Record<string, string>>): Promise<Tokenizer> {
  const { path, definition, settings, changes } = reconciled(readDescription(files));
  const [{ normalizerOf }, { preTokenizerOf }, { wordModelOf }] = await Promise.all([
    import('./normalizers.ts'),
    import('./pre-tokenizers.ts'),
    import('./word-model.ts'),
  ]);
  return sayingOf(path, () => {
    const patterns: PatternList = { sources: [], onSearch: () => {} };
    const normalize = normalizerOf(definition.normalizer ?? null, patterns);
    const preTokenize = preTokenizerOf(definition.pre_tokenizer ?? null, patterns);
    const model = wordModelOf(definition);
    const padId = [settings.pad_token, definition.padding?.pad_token, '[PAD]', '<pad>']
      .map((token) => model.idOf(tokenText(token) ?? ''))
      .find((id) => id !== undefined);
    if (padId === undefined) throw new Error('it has no padding token');
    const { before, after } = model.around;
    const sectionsOf = sectionFinder(
      model.added.filter(({ special }) => special !== true || settings.split_special_tokens !== true),
      normalize,
    );
    const cutsLeft = settings.truncation_side === 'left';

    const idsOf = (text: string): readonly number[] => {
      const ids: number[] = [];
      for (const section of sectionsOf(isPlain(text) ? text : text.replace(HALF_PAIR, '\ufffd'))) {
        if (typeof section === 'number') ids.push(section);
        else for (const word of preTokenize(section.text, section.isFirst)) for (const id of model.idsOf(word)) ids.push(id);
      }
      return ids;
    };
    return {
      files,
      padId,
      unknownId: model.unknownId,
      specialTokens: before.length + after.length,
      patterns,
      changes,
      encode: (text, maxLength) => {
        const ids = sayingOf(path, () => idsOf(text));
        const room = maxLength - before.length - after.length;
        const kept = ids.length <= room ? ids : cutsLeft ? ids.slice(ids.length - room) : ids.slice(0, room);
        return {
          ids: [...before, ...kept, ...after],
          truncated: ids.length > room,
          unknown: kept.filter((id) => id === model.unknownId).length,
        };
      },
    };
  });
}

/** Finds tokens in the text as it is, then, in what lies between them, those that are looked for once it is normalized. */
function sectionFinder(tokens: readonly AddedToken[], normalize: (text: string) => string): (text: string) => readonly Section[] {
  const plain = tokens.filter(({ normalized, special }) => !(normalized ?? special !== true));
  const normalized = tokens.filter((token) => !plain.includes(token));
  const findPlain = tokenFinder(plain, plain.map(({ content }) => content));
  // Made when it is first needed: a pattern of the normalizer may take for ever.
  let findNormalized: ((text: string) => readonly Section[]) | undefined;
  return (text) => {
    findNormalized ??= tokenFinder(normalized, normalized.map(({ content }) => normalize(content)));
    return findPlain(text).flatMap((section): readonly Section[] => {
      if (typeof section === 'number') return [section];
      const inner = findNormalized?.(normalize(section.text)) ?? [];
      // A text whose first character the normalizer takes out does not begin where it did.
      const isFirst = section.isFirst && normalize(String.fromCodePoint(section.text.codePointAt(0)!)) !== '';
      return isFirst ? inner : inner.map((each) => (typeof each === 'number' ? each : { ...each, isFirst: false }));
    });
  };
}

/** What is wrong with a definition becomes a `data` error that names its file. */
function sayingOf<T>(path: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (error instanceof OrtrainError || !(error instanceof Error)) throw error;
    throw unusable(path, error.message.length > LONGEST_REASON ? cut(error.message) : error.message, { cause: error });
  }
}

/** One half of a character of two units, which is no text in UTF-8. */
const HALF_PAIR = /\p{Cs}/gu;

const LONGEST_REASON = 200;
