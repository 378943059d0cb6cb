import { OrtrainError } from '../../core/errors.ts';
import type { Text } from '../../data/texts/index.ts';

/** Throws a usage error that names the first value which is no text, or of another kind than the models take. */
export function throwUnlessTexts(texts: readonly Text[], { name, pairs }: { readonly name: string; readonly pairs: boolean | null }): void {
  if (!Array.isArray(texts)) throw refused('texts', 'texts to classify are a list', 'Put a single text into a list: classify([text]).');
  // A list with holes has them as undefined.
  Array.from<unknown>(texts).forEach((text, i) => {
    const isPair = Array.isArray(text) && text.length === 2 && text.every((segment) => typeof segment === 'string');
    if (typeof text !== 'string' && !isPair)
      throw refused(`texts[${i}]`, `texts[${i}] is neither a text nor a pair of texts`, 'Give each as a string, or as a list of two.');
    if (pairs === null || pairs === isPair) return;
    throw pairs
      ? refused(`texts[${i}]`, `texts[${i}] is a single text, and ${name} was trained on pairs`, 'Give each as a list of two texts.')
      : refused(`texts[${i}]`, `texts[${i}] is a pair, and ${name} was trained on single texts`, 'Give each as a string.');
  });
}

function refused(subject: string, message: string, remedy: string): OrtrainError {
  return new OrtrainError('usage', message, { subject, remedy });
}
