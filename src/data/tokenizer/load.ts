import { OrtrainError } from '../../core/errors.ts';
import { isPlain } from './characters/characters.ts';
import type { TextEncoder } from './definition/encoder.ts';
import type { PatternList } from './definition/patterns.ts';
import { unusable } from './problems.ts';
import { reconciled } from './definition/reconciled.ts';
import { readTokenizerSource, type TokenizerSource } from './source.ts';
import { roomFor, type Truncation } from './definition/truncation.ts';

/** A text's token ids, with the special tokens and without padding. */
export interface EncodedText {
  readonly ids: readonly number[];
  /** True where tokens were cut off. */
  readonly truncated: boolean;
  /** How many of the ids stand for something that the vocabulary lacks. */
  readonly unknown: number;
}

export interface EncodedPair extends EncodedText {
  readonly types: readonly number[];
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
  /** Which of its files hold where they contradict each other, and what none of them says, in sentences. */
  readonly changes: readonly string[];
  /** How many special tokens two texts get; undefined where it takes no second text. */
  readonly specialTokensOfPair: number | undefined;
  /** At most `maxLength` ids, the special tokens at both ends among them; `maxLength` is above `specialTokens`. */
  encode(text: string, maxLength: number): EncodedText;
  /**
   * Two texts in the model's own template, with the type (segment) of each token. Throws a `data` error where cutting as `truncation` says
   * is not enough, and for a tokenizer without such a template. `maxLength` is above `specialTokensOfPair`.
   */
  encodePair(texts: readonly [first: string, second: string], maxLength: number, truncation: Truncation): EncodedPair;
}

/**
 * The tokenizer of a model. `files`: paths by file name, those of TOKENIZER_FILES and `config.json`. Ids are those of sentencepiece where
 * there is a SentencePiece model, otherwise those of the Rust library tokenizers. A `data` error where files are missing, are no tokenizer,
 * or have no padding token.
 */
export async function loadTokenizer(files: Readonly<Record<string, string>>): Promise<Tokenizer> {
  const source = readTokenizerSource(files);
  const { path, settings } = source.description;
  const { filled, specialsOf } = await import('./definition/template.ts');
  const patterns: PatternList = { sources: [], onSearch: () => {} };
  const { encoder, changes } = await openSource(source, patterns);
  return sayingOf(path, () => {
    const { idsOf: idsOfText, padId, unknownId, template } = encoder;
    if (padId === undefined) throw new Error('it has no padding token');
    const specialTokens = specialsOf(template.single);
    const idsOf = (text: string): readonly number[] =>
      sayingOf(path, () => idsOfText(isPlain(text) ? text : text.replace(HALF_PAIR, '\ufffd')));
    const cutsLeft = settings.truncation_side === 'left';
    const shortened = (ids: readonly number[], room: number): readonly number[] =>
      ids.length <= room ? ids : cutsLeft ? ids.slice(ids.length - room) : ids.slice(0, room);
    const unknownIn = (ids: readonly number[]): number => ids.filter((id) => id === unknownId).length;
    return {
      files,
      padId,
      unknownId,
      specialTokens,
      specialTokensOfPair: template.pair === undefined ? undefined : specialsOf(template.pair),
      patterns,
      get changes() {
        return changes();
      },
      encode: (text, maxLength) => {
        const ids = idsOf(text);
        const kept = shortened(ids, maxLength - specialTokens);
        return { ids: filled(template.single, [kept]).ids, truncated: kept.length < ids.length, unknown: unknownIn(kept) };
      },
      encodePair: ([first, second], maxLength, truncation) => {
        if (template.pair === undefined) throw unusable(path, 'it has no place for a second text');
        const both = [idsOf(first), idsOf(second)] as const;
        const rooms = roomFor([both[0].length, both[1].length], maxLength - specialsOf(template.pair), truncation);
        const kept = both.map((ids, i) => shortened(ids, rooms[i]!));
        return {
          ...filled(template.pair, kept),
          truncated: kept.some((ids, i) => ids.length < both[i]!.length),
          unknown: kept.reduce((sum, ids) => sum + unknownIn(ids), 0),
        };
      },
    };
  });
}

/** The encoder of a source, and what is worth saying of it, which takes its time for large ones. */
async function openSource(
  source: TokenizerSource,
  patterns: PatternList,
): Promise<{ readonly encoder: TextEncoder; readonly changes: () => readonly string[] }> {
  const { definitionEncoder } = await import('./definition/encoder.ts');
  if (source.kind === 'definition') {
    const { path, definition, settings, changes } = reconciled(source.description);
    const encoder = sayingOf(path, () => definitionEncoder(definition, settings, patterns));
    return { encoder, changes: () => [...source.notices, ...changes] };
  }
  const { description, beside } = source;
  const [{ descriptionEncoder }, { besideSentence }] = await Promise.all([
    import('./sentencepiece/encoder.ts'),
    import('./definition/beside.ts'),
  ]);
  const encoder = sayingOf(description.path, () => descriptionEncoder(description));
  const ofBeside = (): string | undefined => (beside === undefined ? undefined : besideSentence(description.path, encoder, beside));
  return { encoder, changes: () => [...description.notices, ofBeside() ?? []].flat() };
}

/** What is wrong with a definition becomes a `data` error that names its file. */
function sayingOf<T>(path: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (error instanceof OrtrainError || !(error instanceof Error)) throw error;
    throw unusable(path, error.message, { cause: error });
  }
}

/** One half of a character of two units, which is no text in UTF-8. */
const HALF_PAIR = /\p{Cs}/gu;
