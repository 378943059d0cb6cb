import { isObject } from '../../core/shapes.ts';
import { tokenText, type Part, type Settings } from './definition/definition.ts';

/** The places that a model has for tokens of its own. */
export type Role = 'cls' | 'sep' | 'pad' | 'unk' | 'mask';

/** What a kind of tokenizers has in common that their files do not say: the rules of its class in Transformers. */
export interface Family {
  /** The class in Transformers. */
  readonly class: string;
  readonly model: 'SentencePiece' | 'WordPiece' | 'BPE';
  /** What its tokens are called where tokenizer_config.json does not say. */
  readonly tokens: Readonly<Record<Role, string>>;
  /** Separators between two texts, and the type of the second one. */
  readonly pair: { readonly separators: 1 | 2; readonly type: 0 | 1 };
  /** Whether <mask> takes the spaces before it along. */
  readonly maskTakesSpaces?: boolean;
  /** Of SentencePiece: tokens before all others, and how far ids lie behind those of the model. */
  readonly shift?: { readonly reserved: readonly string[]; readonly by: number };
  /** Of BPE: the normalizer. */
  readonly normalizer?: 'NFC';
}

const brackets = { cls: '[CLS]', sep: '[SEP]', pad: '[PAD]', unk: '[UNK]', mask: '[MASK]' };
const angles = { cls: '<s>', sep: '</s>', pad: '<pad>', unk: '<unk>', mask: '<mask>' };
const bert = { model: 'WordPiece', tokens: brackets, pair: { separators: 1, type: 1 } } as const;

/** By the `model_type` of a config.json. */
export const FAMILIES = {
  bert: { ...bert, class: 'BertTokenizer' },
  distilbert: { ...bert, class: 'DistilBertTokenizer' },
  electra: { ...bert, class: 'ElectraTokenizer' },
  mpnet: {
    class: 'MPNetTokenizer',
    model: 'WordPiece',
    tokens: { ...angles, unk: '[UNK]' },
    pair: { separators: 2, type: 1 },
    maskTakesSpaces: true,
  },
  roberta: { class: 'RobertaTokenizer', model: 'BPE', tokens: angles, pair: { separators: 2, type: 0 }, maskTakesSpaces: true },
  modernbert: {
    class: 'PreTrainedTokenizerFast',
    model: 'BPE',
    tokens: brackets,
    pair: { separators: 1, type: 0 },
    maskTakesSpaces: true,
    normalizer: 'NFC',
  },
  'deberta-v2': { class: 'DebertaV2Tokenizer', model: 'SentencePiece', tokens: brackets, pair: { separators: 1, type: 1 } },
  'xlm-roberta': {
    class: 'XLMRobertaTokenizer',
    model: 'SentencePiece',
    tokens: angles,
    pair: { separators: 2, type: 0 },
    shift: { reserved: ['<s>', '<pad>', '</s>', '<unk>'], by: 1 },
  },
  camembert: {
    class: 'CamembertTokenizer',
    model: 'SentencePiece',
    tokens: angles,
    pair: { separators: 2, type: 0 },
    shift: { reserved: ['<s>NOTUSED', '<pad>', '</s>NOTUSED', '<unk>', '<unk>NOTUSED'], by: 4 },
  },
  albert: {
    class: 'AlbertTokenizer',
    model: 'SentencePiece',
    tokens: { ...brackets, pad: '<pad>', unk: '<unk>' },
    pair: { separators: 1, type: 1 },
  },
} as const satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof FAMILIES;

/** Where neither the class nor the kind of model is known: whose files have these names. */
const OF_FILE: Readonly<Record<string, FamilyName>> = {
  'spm.model': 'deberta-v2',
  'sentencepiece.bpe.model': 'xlm-roberta',
  'spiece.model': 'albert',
  'vocab.txt': 'bert',
  'vocab.json': 'roberta',
};

/**
 * Whose tokenizer a file is: that of the class in tokenizer_config.json, else of the model's kind in config.json, else of those that give
 * their files this name. Undefined where that is a family that has no such file.
 *
 * @param modelType what config.json says
 */
export function familyOf(file: string, { tokenizer_class: name }: Settings, modelType: unknown): FamilyName | undefined {
  const kind = file.endsWith('.model') ? 'SentencePiece' : file === 'vocab.txt' ? 'WordPiece' : 'BPE';
  const wanted = typeof name === 'string' ? name.replace(/Fast$/, '') : '';
  const names = Object.keys(FAMILIES) as FamilyName[];
  const fits = (family: FamilyName): boolean => FAMILIES[family].model === kind;
  const ofClass = names.find((family) => FAMILIES[family].class === wanted && family !== 'modernbert');
  if (ofClass !== undefined) return fits(ofClass) ? ofClass : undefined;
  const ofModel = names.find((family) => family === modelType);
  if (ofModel !== undefined && fits(ofModel)) return ofModel;
  // A model of another kind may have been trained with any tokenizer.
  return OF_FILE[file];
}

/** What a family's tokens are called, with what tokenizer_config.json or special_tokens_map.json calls otherwise. */
export function tokensOf(family: Family, settings: Settings): Readonly<Record<Role, string>> {
  const named = Object.keys(family.tokens).map((role) => [role, tokenText(settings[`${role}_token`]) ?? family.tokens[role as Role]]);
  return Object.fromEntries(named) as Record<Role, string>;
}

/** The template of a family as a tokenizer.json writes it. */
export function templatePart({ pair }: Family, { cls, sep }: Readonly<Record<Role, string>>, idOf: (token: string) => number): Part {
  const token = (id: string, type = 0): object => ({ SpecialToken: { id, type_id: type } });
  const text = (id: string, type = 0): object => ({ Sequence: { id, type_id: type } });
  const between = Array.from({ length: pair.separators }, () => token(sep));
  return {
    type: 'TemplateProcessing',
    single: [token(cls), text('A'), token(sep)],
    pair: [token(cls), text('A'), ...between, text('B', pair.type), token(sep, pair.type)],
    special_tokens: Object.fromEntries([cls, sep].map((id) => [id, { id, ids: [idOf(id)], tokens: [id] }])),
  };
}

/** The names of tokens that more than one text of a configuration may be cut at, such as `additional_special_tokens`. */
export function listedTokens(settings: Settings): readonly unknown[] {
  return ['additional_special_tokens', 'extra_special_tokens'].flatMap((key) => {
    const value = settings[key];
    return Array.isArray(value) ? (value as readonly unknown[]) : isObject(value) ? Object.values(value) : [];
  });
}
