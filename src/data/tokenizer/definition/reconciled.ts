import { isObject } from '../../../core/shapes.ts';
import { withIds, type AddedToken } from './added-tokens.ts';
import { tokenText, wordsOf, type Definition, type Description, type Part, type Settings } from './definition.ts';

/** A description whose two files say the same, and what had to be changed for that. */
export interface Reconciled extends Description {
  /** In sentences. Empty where the files agree. */
  readonly changes: readonly string[];
}

/**
 * Brings tokenizer.json in line with tokenizer_config.json, as Transformers does when it opens a tokenizer: of the classes for BERT-like
 * models do_lower_case, strip_accents and tokenize_chinese_chars hold, of those for RoBERTa-like ones add_prefix_space. Where
 * tokenizer_config.json says nothing of a setting, what tokenizer.json says goes into it, because Transformers has defaults of its own.
 * Tokens that tokenizer_config.json alone has are added.
 */
export function reconciled(description: Description): Reconciled {
  const { path, settings } = description;
  const missing = missingTokens(description);
  const definition = missing.length === 0 ? description.definition : withTokens(description.definition, missing);
  if (isGeneric(settings)) return { path, definition, settings, changes: [] };
  const changes: string[] = [];
  const known: Record<string, unknown> = {};
  const adjusted = (part: Part): Part => {
    const rules = RULES[part.type] ?? [];
    const set = rules.flatMap(({ key, field, standard }): readonly (readonly [string, unknown])[] => {
      const [asked, own = standard] = [settings[key], part[field]];
      if (asked === undefined || !isSetting(asked)) {
        if (own !== standard) known[key] = own;
        return [];
      }
      if (asked === own) return [];
      changes.push(
        `tokenizer_config.json has ${key}: ${String(asked)} and tokenizer.json ${field}: ${String(own)}; the ` +
          'former holds, as in Transformers',
      );
      return [[field, asked]];
    });
    return set.length === 0 ? part : { ...part, ...Object.fromEntries(set) };
  };
  const { normalizer, pre_tokenizer } = definition;
  const changed = {
    ...definition,
    normalizer: everyPart(normalizer ?? null, adjusted),
    pre_tokenizer: everyPart(pre_tokenizer ?? null, adjusted),
  };
  return { path, definition: changes.length === 0 ? definition : changed, settings: { ...settings, ...known }, changes };
}

interface Rule {
  /** Of tokenizer_config.json. */
  readonly key: keyof Settings & string;
  /** Of the part in tokenizer.json. */
  readonly field: string;
  /** What either means where it is missing. */
  readonly standard: boolean | null;
}

const RULES: Readonly<Record<string, readonly Rule[]>> = {
  BertNormalizer: [
    { key: 'do_lower_case', field: 'lowercase', standard: true },
    { key: 'strip_accents', field: 'strip_accents', standard: null },
    { key: 'tokenize_chinese_chars', field: 'handle_chinese_chars', standard: true },
  ],
  ByteLevel: [{ key: 'add_prefix_space', field: 'add_prefix_space', standard: false }],
};

/** Classes of Transformers that take tokenizer.json as it is. */
function isGeneric({ tokenizer_class: name }: Settings): boolean {
  return typeof name === 'string' && /^(PreTrainedTokenizer(Fast)?|TokenizersBackend)$/.test(name);
}

const isSetting = (value: unknown): boolean => value === null || typeof value === 'boolean';

/** A part, or all parts of a sequence, each put in place of itself. */
function everyPart(part: Part | null, change: (part: Part) => Part): Definition['normalizer'] {
  if (part === null) return null;
  const inner = ['normalizers', 'pretokenizers'].filter((key) => Array.isArray(part[key]));
  const parts = inner.map((key) => [key, (part[key] as readonly Part[]).map((each) => everyPart(each, change))]);
  return change(inner.length === 0 ? part : { ...part, ...Object.fromEntries(parts) });
}

const NAMED = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/** Tokens of tokenizer_config.json that tokenizer.json does not look for in texts, in the order in which Transformers adds them. */
function missingTokens({ definition, settings }: Description): readonly AddedToken[] {
  const known = new Set((definition.added_tokens ?? []).map(({ content }) => content));
  const vocabulary = new Set(wordsOf(definition.model).map(([word]) => word));
  const described = isObject(settings['added_tokens_decoder']) ? Object.entries(settings['added_tokens_decoder']) : [];
  const listed = ['additional_special_tokens', 'extra_special_tokens'].flatMap((key) => Object.values((settings[key] ?? []) as object));
  const tokens = [
    ...described.sort(([a], [b]) => Number(a) - Number(b)).map(([, token]) => asToken(token, false)),
    // A name for a token that there is not is of no use to a classifier.
    ...NAMED.map((key) => asToken(settings[key], true)).filter((token) => token !== undefined && vocabulary.has(token.content)),
    ...listed.map((token) => asToken(token, true)),
  ];
  return tokens.filter((token) => {
    if (token === undefined || token.content === '' || known.has(token.content)) return false;
    known.add(token.content);
    return true;
  }) as AddedToken[]; // none is undefined
}

function asToken(token: unknown, special: boolean): AddedToken | undefined {
  const content = tokenText(token);
  if (content === undefined) return undefined;
  const flags = isObject(token) ? token : {};
  const own = flags['special'] === true || special;
  const normalized = typeof flags['normalized'] === 'boolean' ? flags['normalized'] : !own;
  const is = (flag: string): boolean => flags[flag] === true;
  return { id: 0, content, single_word: is('single_word'), lstrip: is('lstrip'), rstrip: is('rstrip'), normalized, special: own };
}

function withTokens(definition: Definition, more: readonly AddedToken[]): Definition {
  return { ...definition, added_tokens: withIds([...(definition.added_tokens ?? []), ...more], wordsOf(definition.model)) };
}
