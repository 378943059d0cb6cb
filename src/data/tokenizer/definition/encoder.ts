import { tokenFinder, type AddedToken, type Section } from './added-tokens.ts';
import { tokenText, type Definition, type Settings } from './definition.ts';
import { normalizerOf, type Normalize } from './normalizers.ts';
import type { PatternList } from './patterns.ts';
import { preTokenizerOf } from './pre-tokenizers.ts';
import type { Template } from './template.ts';
import { wordModelOf } from './word-model.ts';

/** What makes ids of a text, and what is known of them. */
export interface TextEncoder {
  /** Without special tokens around it. Throws an Error for a text that it has no ids for. */
  idsOf(text: string): readonly number[];
  readonly unknownId: number | undefined;
  readonly padId: number | undefined;
  readonly template: Template;
}

/** Encodes as a tokenizer.json says. Throws an Error that says what is wrong with it. */
export function definitionEncoder(definition: Definition, settings: Settings, patterns: PatternList): TextEncoder {
  const normalize = normalizerOf(definition.normalizer ?? null, patterns);
  const preTokenize = preTokenizerOf(definition.pre_tokenizer ?? null, patterns);
  const model = wordModelOf(definition);
  const sectionsOf = sectionFinder(
    model.added.filter(({ special }) => special !== true || settings.split_special_tokens !== true),
    normalize,
  );
  return {
    idsOf(text) {
      const ids: number[] = [];
      for (const section of sectionsOf(text)) {
        if (typeof section === 'number') ids.push(section);
        else for (const word of preTokenize(section.text, section.isFirst)) for (const id of model.idsOf(word)) ids.push(id);
      }
      return ids;
    },
    unknownId: model.unknownId,
    padId: [settings.pad_token, definition.padding?.pad_token, '[PAD]', '<pad>']
      .map((token) => model.idOf(tokenText(token) ?? ''))
      .find((id) => id !== undefined),
    template: model.template,
  };
}

/** A text to cut into words, and whether it begins where the whole one does; or the id of a token. */
type Part = { readonly text: string; readonly isFirst: boolean } | number;

/** Finds tokens in the text as it is, then, in what lies between them, those that are looked for once it is normalized. */
function sectionFinder(tokens: readonly AddedToken[], normalize: Normalize): (text: string) => readonly Part[] {
  const plain = tokens.filter(({ normalized, special }) => !(normalized ?? special !== true));
  const normalized = tokens.filter((token) => !plain.includes(token));
  const findPlain = tokenFinder(plain, plain.map(({ content }) => content));
  // Made when it is first needed: a pattern of the normalizer may take for ever.
  let findNormalized: ((text: string) => readonly Section[]) | undefined;
  return (text) => {
    findNormalized ??= tokenFinder(normalized, normalized.map(({ content }) => normalize(content)));
    return findPlain(text).flatMap((section): readonly Part[] => {
      if (typeof section === 'number') return [section];
      // What the first character becomes begins where it did; where it is taken out, nothing does.
      const beginning = section.from === 0 ? normalize(String.fromCodePoint(section.text.codePointAt(0)!), true).length : 0;
      return (findNormalized?.(normalize(section.text)) ?? []).map((part) =>
        typeof part === 'number' ? part : { text: part.text, isFirst: part.from < beginning },
      );
    });
  };
}
