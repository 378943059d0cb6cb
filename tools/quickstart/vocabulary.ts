import { Tokenizer } from '@huggingface/tokenizers';

const specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const;

/** A Hugging Face tokenizer.json: BERT's normalizer and pre-tokenizer, lower case, with `size` word pieces trained on the texts. */
export function tokenizerJson(texts: readonly string[], size: number): object {
  const vocab = Object.fromEntries(wordPieces(countWords(texts), size).map((piece, id) => [piece, id]));
  return { ...tokenizer, model: { ...tokenizer.model, vocab } };
}

/** How often each word occurs, after normalization. */
function countWords(texts: readonly string[]): ReadonlyMap<string, number> {
  const { normalizer, pre_tokenizer: preTokenizer } = new Tokenizer(
    { ...tokenizer, model: { ...tokenizer.model, vocab: { '[UNK]': 0 } } },
    {},
  );
  const counts = new Map<string, number>();
  for (const text of texts) {
    const words = preTokenizer?.pre_tokenize(normalizer?.normalize(text) ?? text) ?? [];
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/**
 * Starts from letters (`##` before those inside a word) and joins the most frequent neighbours until there are enough
 * pieces, as `tokenizers`' WordPieceTrainer does. Equal counts are decided by the text, so the result is one for all machines.
 */
function wordPieces(counts: ReadonlyMap<string, number>, size: number): readonly string[] {
  const words = [...counts].map(([word, count]) => ({ pieces: [...word].map((letter, i) => (i === 0 ? letter : `##${letter}`)), count }));
  const found = new Set<string>([...specials, ...words.flatMap(({ pieces }) => pieces).sort()]);
  while (found.size < size) {
    const pairs = new Map<string, number>();
    for (const { pieces, count } of words) {
      for (let i = 1; i < pieces.length; i++) {
        const pair = `${pieces[i - 1]} ${pieces[i]}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + count);
      }
    }
    const [best] = [...pairs].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a));
    const [left = '', right = ''] = best.split(' ');
    const joined = left + right.slice(2);
    found.add(joined);
    for (const { pieces } of words) {
      for (let i = 1; i < pieces.length; i++) {
        if (pieces[i - 1] === left && pieces[i] === right) pieces.splice(i - 1, 2, joined);
      }
    }
  }
  return [...found];
}

const sequence = (id: 'A' | 'B', type: 0 | 1): object => ({ Sequence: { id, type_id: type } });
const special = (id: '[CLS]' | '[SEP]', type: 0 | 1): object => ({ SpecialToken: { id, type_id: type } });

const tokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: specials.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
    pair: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [specials.indexOf('[CLS]')], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [specials.indexOf('[SEP]')], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: {} },
} as const;
