import { countUp, valueAt } from '../../core/values.ts';
import { count, plural } from '../../core/text.ts';
import {
  batchTokens,
  encodeTexts,
  paddingShare,
  planBatches,
  tokenLengths,
  type BatchOptions,
  type EncodingOptions,
  type Tokenizer,
  type TokenSet,
} from '../tokens/index.ts';
import { quoted } from '../problems.ts';
import { areSingle, runningText, type Text } from '../texts/index.ts';
import { partOf, percent, type Finding } from './finding.ts';

export interface TokenOptions {
  readonly maxLength: number;
  /** How training makes its batches; null where it has none of tokens, because the encoder is frozen. */
  readonly batches: Pick<BatchOptions, 'batchSize' | 'batching' | 'padding'> | null;
}

/** Of more texts than this every n-th is looked at. */
const MOST_TEXTS = 20_000;
/** Shares from which on something is more than good to know. */
const MANY_CUT = 0.05;
const MUCH_PADDING = 0.5;
const MANY_UNKNOWN = 0.01;
const SHOWN_WORDS = 5;
/** Lengths are suggested in steps of this. */
const LENGTH_STEP = 8;

/** What the tokenizer makes of the texts: how many are cut, how much padding they need, and what the model does not know. */
export async function inspectTokens(
  tokenizer: Tokenizer,
  train: readonly Text[],
  test: readonly Text[],
  { maxLength, batches }: TokenOptions,
  encoding: Pick<EncodingOptions, 'threads' | 'onProgress'> = {},
): Promise<readonly Finding[]> {
  const [trainTexts, testTexts] = [everyNth(train), everyNth(test)];
  const texts = [...trainTexts, ...testTexts];
  const whole = (all: readonly Text[]): Promise<TokenSet> => encodeTexts(tokenizer, all, Number.MAX_SAFE_INTEGER, encoding);
  const encoded = await whole(texts);
  const { unknown } = encoded;
  const lengths = tokenLengths(encoded);
  const special = areSingle(texts) ? tokenizer.specialTokens : (tokenizer.specialTokensOfPair ?? 0);
  const tokens = encoded.ids.length - texts.length * special;
  const unknownTexts = unknown === 0 ? [] : withUnknown(texts, encoded, tokenizer);
  const total = train.length + test.length;
  const among = texts.length < total ? `; ${count(texts.length)} of ${count(total)} texts were looked at` : '';
  return [
    ...tokenizer.changes.map((message): Finding => ({ severity: 'info', code: 'tokenizer-settings', message, count: 1, examples: [] })),
    ...cutTexts(lengths, maxLength, among, areSingle(texts) ? 'texts' : 'pairs'),
    ...(batches === null
      ? []
      : padding(
          lengths.subarray(0, trainTexts.length).map((length) => Math.min(length, maxLength)),
          maxLength,
          batches,
        )),
    ...(unknown === 0 ? [] : unknownTokens(unknown, tokens, await unknownWords(unknownTexts, whole, tokenizer))),
  ];
}

function cutTexts(lengths: Int32Array, maxLength: number, among: string, what: 'texts' | 'pairs'): Finding[] {
  const sorted = lengths.toSorted();
  const longest = sorted.at(-1) ?? 0;
  const cut = sorted.filter((length) => length > maxLength).length;
  const finding = { code: 'cut-texts', count: cut, examples: [] } as const;
  if (cut === 0)
    return [
      {
        severity: 'info',
        ...finding,
        message:
          `no ${what === 'texts' ? 'text' : 'pair'} is cut: the longest has ${count(longest)} tokens, and model.max_seq_length is ` +
          `${count(maxLength)}${among}`,
      },
    ];
  const enough = Math.ceil(valueAt(sorted, Math.ceil(0.99 * sorted.length) - 1) / LENGTH_STEP) * LENGTH_STEP;
  const isMuch = cut > MANY_CUT * lengths.length;
  return [
    {
      severity: isMuch ? 'warning' : 'info',
      ...finding,
      message:
        `${partOf(cut, lengths.length, what)} ${cut === 1 ? 'is' : 'are'} longer than model.max_seq_length, ` +
        `${plural(maxLength, 'token')}, and ${lost(what, cut === 1)}; the longest has ${count(longest)}${among}`,
      ...(isMuch
        ? {
            remedy:
              `model.max_seq_length: ${enough} would hold 99 % of them whole, if the model can read that much; longer ` +
              'texts take more time and memory.',
          }
        : {}),
    },
  ];
}

function lost(what: 'texts' | 'pairs', isOne: boolean): string {
  if (what === 'pairs') return isOne ? 'is cut as model.truncation says' : 'are cut as model.truncation says';
  return isOne ? 'loses its end' : 'lose their end';
}

/** Of one epoch over all training rows; a fold's share differs by little. */
function padding(lengths: Int32Array, maxLength: number, own: NonNullable<TokenOptions['batches']>): Finding[] {
  const share = (other: Partial<typeof own>): number =>
    paddingShare(batchTokens(lengths, planBatches(lengths, { ...own, ...other, maxLength, seed: 0, epoch: 1 })));
  const now = share({});
  const others = [
    { name: 'training.batching: length-buckets', value: { batching: 'length-buckets', padding: 'longest' } },
    { name: 'training.batching: shuffled', value: { batching: 'shuffled', padding: 'longest' } },
    { name: 'training.padding: max', value: { padding: 'max' } },
  ] as const;
  const rest = others.filter(({ value }) => value.padding !== own.padding || ('batching' in value && value.batching !== own.batching));
  const isMuch = now > MUCH_PADDING;
  return [
    {
      severity: isMuch ? 'warning' : 'info',
      code: 'padding',
      message:
        `${percent(now, 1)} of what training computes is padding; ` +
        `${rest.map(({ name, value }) => `with ${name} it would be ${percent(share(value), 1)}`).join(', ')}`,
      count: lengths.length,
      examples: [],
      ...(isMuch
        ? {
            remedy:
              'training.batching: length-buckets and training.padding: longest, the defaults, need least; a smaller ' +
                'training.batch_size needs less.',
          }
        : {}),
    },
  ];
}

function unknownTokens(unknown: number, tokens: number, words: readonly (readonly [string, number])[]): Finding[] {
  const isMuch = unknown > MANY_UNKNOWN * tokens;
  const most = words.slice(0, SHOWN_WORDS).map(([word, times]) => `${quoted(word)} (${count(times)})`);
  return [
    {
      severity: isMuch ? 'warning' : 'info',
      code: 'unknown-tokens',
      message:
        `${partOf(unknown, tokens, 'tokens')} ${unknown === 1 ? 'is' : 'are'} unknown to the ` +
        `model${most.length > 0 ? `, most often ${most.join(', ')}` : ''}`,
      count: unknown,
      examples: [],
      ...(isMuch
        ? {
            remedy:
              'To the model, all such words look the same. Use a model.base for the language of the texts, or one whose tokenizer knows ' +
                'every character, such as roberta-base.',
          }
        : {}),
    },
  ];
}

/** The texts that have ids of the unknown token beside those that every text gets. */
function withUnknown<T extends Text>(texts: readonly T[], tokens: TokenSet, { unknownId }: Tokenizer): readonly T[] {
  return texts.filter((_, row) => tokens.row(row).includes(unknownId ?? NaN));
}

/** Words, and signs by themselves, that the tokenizer has no pieces for, the most frequent first. */
async function unknownWords(
  texts: readonly Text[],
  encode: (texts: readonly string[]) => Promise<TokenSet>,
  tokenizer: Tokenizer,
): Promise<readonly (readonly [string, number])[]> {
  const times = new Map<string, number>();
  for (const text of texts)
    for (const word of runningText(text).match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? []) countUp(times, word);
  const words = [...times.keys()];
  const unknown = new Set(withUnknown(words, await encode(words), tokenizer));
  return [...times].filter(([word]) => unknown.has(word)).sort(([, a], [, b]) => b - a);
}

function everyNth(texts: readonly Text[]): readonly Text[] {
  const every = Math.ceil(texts.length / MOST_TEXTS);
  return texts.filter((_, row) => row % every === 0);
}
