import { definitionEncoder, type TextEncoder } from './encoder.ts';
import type { Description } from './definition.ts';
import type { PatternList } from './patterns.ts';
import { reconciled } from './reconciled.ts';

/**
 * What to know of a tokenizer.json that lies beside a SentencePiece model, in a sentence; undefined where both give the same ids. Often
 * they do not: Transformers has written DeBERTa's without its character map, and lets typed special tokens be found.
 */
export function besideSentence(path: string, { idsOf }: TextEncoder, beside: Description): string | undefined {
  const patterns: PatternList = { sources: [], onSearch: () => {} };
  const { definition, settings } = reconciled(beside);
  let other: TextEncoder;
  try {
    other = definitionEncoder(definition, settings, patterns);
  } catch (error) {
    return `${path} is used instead of tokenizer.json, which cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  // A pattern of others may take for ever.
  if (patterns.sources.length > 0) return `${path} is used instead of tokenizer.json, which has patterns of its own`;
  const different = PROBES.find((text) => !sameIds(idsOf(text), idsOrNone(other, text)));
  if (different === undefined) return undefined;
  return (
    `${path} and tokenizer.json give different ids, for example for ${JSON.stringify(different)}; the ids of the former are used, ` +
    'because the model was trained with them'
  );
}

function idsOrNone({ idsOf }: TextEncoder, text: string): readonly number[] | undefined {
  try {
    return idsOf(text);
  } catch {
    return undefined;
  }
}

const sameIds = (a: readonly number[], b: readonly number[] | undefined): boolean =>
  b !== undefined && a.length === b.length && a.every((id, i) => id === b[i]);

/** What tokenizers tend to differ in, common things first. */
const PROBES = [
  'The quick brown fox, 1,234 of them.',
  'Two  spaces and a\ttab\nand a line ',
  'na\u00efve caf\u00e9, e\u0301 and A\u030a',
  '\ufb01re \u2460 \u00bd \uff21\uff22\uff23 \u2122 \u2026',
  '\u00db\u00d2 \u00e2\u20ac\u2122 \u0089\u00db\u00aa',
  '\u00a0a\u200bb\ufeffc\u00add',
  '\ud83d\udd25\ud83d\udc4d\ud83c\udffd \ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67',
  '\u0939\u093f\u0928\u094d\u0926\u0940 \ud55c\uad6d\uc5b4 \u65e5\u672c\u8a9e',
  '\u2581a \u2581',
  '<s> </s> <unk> <mask> [CLS] [SEP] [MASK]',
];
