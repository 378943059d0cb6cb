import { sha256 } from '../../src/core/hash.ts';
import { RandomState } from '../../src/core/random.ts';

/** Texts on which tokenizers differ: the same ones for the same number. Reference ids are of these; a change here asks for new ones. */
export function oddTexts(count: number): readonly string[] {
  const random = new RandomState(2024);
  const pick = <T>(items: readonly T[]): T => items[random.integer(0, items.length)]!;
  const character = (): string => {
    const [from, to] = pick(BLOCKS);
    const code = random.integer(from, to + 1);
    return code >= 0xd800 && code <= 0xdfff ? ' ' : String.fromCodePoint(code);
  };
  const piece = (): string =>
    (random.sample() < 0.65 ? pick(PIECES) : character().repeat(pick([1, 1, 1, 2]))) + pick(['', ' ', '', ' ', '  ']);
  return Array.from({ length: count }, () => Array.from({ length: random.integer(1, 13) }, piece).join(''));
}

/** Of a text's ids, short enough to keep thousands. */
export function digestOf(ids: readonly number[]): string {
  return sha256(ids.join(' ')).slice(0, 8);
}

/** A WordPiece tokenizer of single characters, so that ids tell each character and where words begin. */
export function characterTokenizer(normalizer: object | null, preTokenizer: object): object {
  const characters = new Set([...oddTexts(400).join(''), ...'abcdefghijklmnopqrstuvwxyz']);
  for (const [from, to] of [[0x20, 0x17f], [0x300, 0x36f], [0x1100, 0x11ff], [0x2581, 0x2581], [0x3041, 0x30ff]] as const) {
    for (let code = from; code <= to; code++) characters.add(String.fromCodePoint(code));
  }
  const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...[...characters].flatMap((letter) => [letter, `##${letter}`])];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ADDED.map((token, i) => ({ ...PLAIN, ...token, id: i < 4 ? i : tokens.length + i - 4 })),
    normalizer,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
}

const PLAIN = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false };
const ADDED = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content) => ({ content, special: true, normalized: false })),
  { content: 'running', single_word: true },
  { content: 'hello', normalized: false, rstrip: true },
  { content: 'hello the', normalized: false },
  { content: 'Été', lstrip: true },
  { content: '[X]', special: true, normalized: false, lstrip: true, rstrip: true },
  { content: '🔥🔥', single_word: true, normalized: false },
];

const normalizers = (...steps: readonly object[]): object => ({ type: 'Sequence', normalizers: steps });
const preTokenizers = (...steps: readonly object[]): object => ({ type: 'Sequence', pretokenizers: steps });
const bert = { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true };
const words = { type: 'BertPreTokenizer' };
const splitting = (behavior: string, invert: boolean): object => ({ type: 'Split', pattern: { Regex: '[aeiou ]' }, behavior, invert });

/** Tokenizers of parts that differ between libraries. */
export const variants = (): Readonly<Record<string, object>> => ({
  bert: characterTokenizer(bert, words),
  cased: characterTokenizer({ ...bert, lowercase: false }, words),
  'with accents': characterTokenizer({ ...bert, strip_accents: false }, words),
  'cased, no accents': characterTokenizer({ ...bert, strip_accents: true, lowercase: false }, words),
  'not cleaned': characterTokenizer({ ...bert, clean_text: false, handle_chinese_chars: false }, words),
  NFC: characterTokenizer({ type: 'NFC' }, words),
  NFKC: characterTokenizer(normalizers({ type: 'NFKC' }, { type: 'Lowercase' }), words),
  'NFD without marks': characterTokenizer(normalizers({ type: 'NFD' }, { type: 'StripAccents' }), words),
  'NFKD stripped': characterTokenizer(normalizers({ type: 'NFKD' }, { type: 'Strip', strip_left: true, strip_right: true }), {
    type: 'Metaspace',
    replacement: '▁',
    prepend_scheme: 'first',
  }),
  replaced: characterTokenizer(
    normalizers({ type: 'Replace', pattern: { Regex: '[0-9]+' }, content: '$&' }, { type: 'Prepend', prepend: 'x' }),
    words,
  ),
  whitespace: characterTokenizer(null, { type: 'Whitespace' }),
  punctuation: characterTokenizer(
    null,
    preTokenizers(
      { type: 'WhitespaceSplit' },
      { type: 'Punctuation', behavior: 'Contiguous' },
      { type: 'Digits', individual_digits: true },
    ),
  ),
  'byte level': characterTokenizer(null, { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true }),
  'split off': characterTokenizer(null, splitting('Removed', false)),
  'split before': characterTokenizer(null, splitting('MergedWithNext', false)),
  'split after': characterTokenizer(null, splitting('MergedWithPrevious', true)),
});

const PIECES = [
  'hello',
  'the',
  'THE',
  ' the ',
  'running',
  'hello the',
  '[X]',
  'Été',
  'été',
  "don't",
  "we'll",
  "I'VE",
  '’s',
  "''",
  '``',
  '...',
  '!!',
  '#tag',
  '@user',
  'http://t.co/x?y=1&z',
  'ΑΘΗΝΑΣ',
  'ΣΑΣ',
  'Σ',
  'σς',
  'İstanbul',
  'ISPARTA',
  'ß',
  'ẞ',
  '\ufb01',
  '①',
  '½',
  '²',
  '²³',
  'e\u0301',
  'A\u030a',
  '\u212b',
  '\u2126',
  'ñ',
  'か\u3099',
  '\u30cf\u309a',
  '한국어',
  '\u1112\u1161\u11ab',
  '漢字',
  '\u{20000}',
  '\u{2b8e0}',
  '\u{2b924}',
  '䶵',
  '\ufa0e',
  '\u{2f800}',
  '\ufeff',
  '\u0085',
  '\u00a0',
  '\u2003',
  '\u200b',
  '\u200d',
  '\u00ad',
  '\u180e',
  '\u2028',
  '\t',
  '\n',
  '\r\n',
  '  ',
  '   ',
  '\u3000',
  '👍🏽',
  '👨‍👩‍👧',
  '🔥',
  '🔥🔥',
  '🇩🇪',
  '☎\ufe0f',
  '$5',
  '5%',
  '1,000',
  '٣',
  '१२',
  'Ⅷ',
  'ก็',
  'ไทย',
  '\u0e33',
  'עברית',
  '\u05da\u05b8',
  'مرحبا',
  '\u0651',
  'हिन्दी',
  '\u0915\u094d\u200d\u0937',
  '\ufffd',
  '\u0000',
  '\u0007',
  '\u007f',
  '\ue000',
  '\u{f0000}',
  '\u0378',
  '\u{1fae9}',
  '\u{16d67}\u{16d67}',
  '\u{105d2}\u0307',
  '\u{11382}\u{113c9}',
  '\u1c89',
  '\ua7ce',
  '\u{10d50}',
  '\u{16ea0}',
  '\u0897a\u0301',
  '\u1acf',
  'a\u0345\u0301\u0327',
  '\u0344',
  '\u0958',
  '\ufb1d',
  '[CLS]',
  '[SEP]',
  '<s>',
  '</s>',
  '<mask>',
  '[MASK]',
  '\u2e52',
  '\u2e5d',
  '\u166d',
  '\u055a',
  '~',
  '^',
  '`',
  '|',
  '¿',
  '«',
  '‹',
  '—',
  '_',
  '-',
  '\u203f',
  'x'.repeat(101),
  '。',
  '，',
  '\u30fb',
  'ｱ',
  '\uff9e',
  'Ａ',
  '１',
  '\u{11fff}',
  '\u061d',
  '\u0c04',
  '\u0890',
  '\u{13430}',
  '\u{1e030}',
  '\u{1f16c}',
];

const BLOCKS = [
  [0x20, 0x7e],
  [0xa0, 0x24f],
  [0x250, 0x2af],
  [0x300, 0x36f],
  [0x370, 0x3ff],
  [0x400, 0x52f],
  [0x590, 0x6ff],
  [0x900, 0xdff],
  [0xe00, 0xfff],
  [0x1e00, 0x1fff],
  [0x2000, 0x2bff],
  [0x2e00, 0x2e7f],
  [0x3000, 0x30ff],
  [0x4e00, 0x9fff],
  [0xa000, 0xabff],
  [0xac00, 0xd7a3],
  [0xf900, 0xffff],
  [0x10000, 0x1ffff],
  [0x20000, 0x323af],
] as const;
