import { segmentsOf, type Text } from '../../data/texts/index.ts';

/**
 * How many tokens a text will have, before anybody has counted: one for four bytes of UTF-8, as in English, and three for four characters
 * of Chinese. What a model is given at a time is bounded by rows besides, so that a wrong guess costs time and no memory.
 *
 * @param maxTokens at which the model cuts a text
 */
export function tokensOf(text: Text, maxTokens: number): number {
  const bytes = segmentsOf(text).reduce((sum, segment) => sum + Buffer.byteLength(segment), 0);
  return Math.min(maxTokens, Math.ceil(bytes / BYTES_OF_TOKEN) + SPECIAL_TOKENS);
}

const BYTES_OF_TOKEN = 4;
/** Most tokenizers put one at each end. */
const SPECIAL_TOKENS = 2;
