import { OrtrainError, type Problem } from '../../core/errors.ts';

/** Architectures by the `model_type` of a Hugging Face config.json. */
export type ModelType = 'bert';

export type HiddenActivation = 'gelu' | 'gelu-tanh' | 'relu';

/** What the engine needs to know of a pretrained encoder; plain data. Sizes are counts, dropouts are probabilities. */
export interface EncoderConfig {
  readonly modelType: ModelType;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  /** The longest sequence, special tokens included. */
  readonly maxPositions: number;
  readonly typeVocabSize: number;
  readonly padTokenId: number;
  readonly activation: HiddenActivation;
  readonly layerNormEps: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
  /** Standard deviation of the normal distribution that new weights are drawn from. */
  readonly initializerRange: number;
}

/**
 * Reads the text of a config.json. Sizes must be there; the other keys have the defaults of Hugging Face's BertConfig.
 * Throws OrtrainError `data` that lists every missing or impossible key with the file's name.
 */
export function parseEncoderConfig(text: string, file: string): EncoderConfig {
  const fields = fieldsOf(text, file);
  const type = fields.raw('model_type');
  if (typeof type !== 'string' || !Object.hasOwn(parsers, type)) throw unsupported(type, file);
  const config = parsers[type as ModelType](fields);
  if (fields.problems.length > 0) {
    throw new OrtrainError('data', `${file} does not describe a model that can be trained`, {
      subject: file,
      problems: fields.problems,
      remedy: 'Correct these keys, or take another model.',
    });
  }
  return config;
}

const parsers: Readonly<Record<ModelType, (fields: Fields) => EncoderConfig>> = {
  bert: (fields) => {
    const hiddenSize = fields.count('hidden_size');
    const heads = fields.count('num_attention_heads');
    const vocabSize = fields.count('vocab_size');
    const padTokenId = fields.number('pad_token_id', 0, (x) => Number.isInteger(x) && x >= 0, 'a token id');
    if (hiddenSize % heads > 0) fields.reject('hidden_size', `${hiddenSize} cannot be shared equally among ${heads} attention heads`);
    if (padTokenId >= vocabSize) fields.reject('pad_token_id', `${padTokenId} is outside the vocabulary of ${vocabSize}`);
    fields.expect('position_embedding_type', 'absolute');
    fields.expect('is_decoder', false);
    return {
      modelType: 'bert',
      vocabSize,
      hiddenSize,
      layers: fields.count('num_hidden_layers'),
      heads,
      intermediateSize: fields.count('intermediate_size'),
      maxPositions: fields.count('max_position_embeddings'),
      typeVocabSize: fields.count('type_vocab_size', 2),
      padTokenId,
      activation: fields.choice('hidden_act', activations, 'gelu'),
      layerNormEps: fields.number('layer_norm_eps', 1e-12, (x) => x > 0 && x < 1, 'a small positive number'),
      hiddenDropout: fields.probability('hidden_dropout_prob', 0.1),
      attentionDropout: fields.probability('attention_probs_dropout_prob', 0.1),
      initializerRange: fields.number('initializer_range', 0.02, (x) => x > 0 && x < 10, 'a positive standard deviation'),
    };
  },
};

/** Names in Hugging Face's table of activations. */
const activations: Readonly<Record<string, HiddenActivation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  relu: 'relu',
};

/** Typed access to a JSON object's members that collects what is wrong instead of stopping at the first. */
interface Fields {
  readonly problems: Problem[];
  raw(key: string): unknown;
  reject(key: string, message: string): void;
  /** A positive whole number; without a fallback it must be there. */
  count(key: string, fallback?: number): number;
  /** NaN, which no comparison finds wrong a second time, where the value is. */
  number(key: string, fallback: number | undefined, valid: (x: number) => boolean, kind: string): number;
  /** At least 0 and below 1. */
  probability(key: string, fallback: number): number;
  choice<T>(key: string, choices: Readonly<Record<string, T>>, fallback: T): T;
  /** The key is absent, null, or has the one value that is supported. */
  expect(key: string, value: unknown): void;
}

function fieldsOf(text: string, file: string): Fields {
  const json = parseObject(text, file);
  const problems: Problem[] = [];
  const raw = (key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined);
  const reject = (key: string, message: string): void => void problems.push({ file, field: key, message: `${key}: ${message}` });
  const number: Fields['number'] = (key, fallback, valid, kind) => {
    const value = raw(key) ?? fallback;
    if (typeof value === 'number' && valid(value)) return value;
    reject(key, value === undefined ? `missing; ${kind} is needed` : `${JSON.stringify(value)} is not ${kind}`);
    return NaN;
  };
  return {
    problems,
    raw,
    reject,
    number,
    count: (key, fallback) => number(key, fallback, (x) => Number.isSafeInteger(x) && x > 0 && x <= largestCount, 'a positive whole number'),
    probability: (key, fallback) => number(key, fallback, (x) => x >= 0 && x < 1, 'a probability below 1'),
    choice: (key, choices, fallback) => {
      const value = raw(key);
      if (value === undefined || value === null) return fallback;
      const choice = typeof value === 'string' && Object.hasOwn(choices, value) ? choices[value] : undefined;
      if (choice === undefined) reject(key, `${JSON.stringify(value)} is not supported; ${Object.keys(choices).join(', ')} are`);
      return choice ?? fallback;
    },
    expect: (key, wanted) => {
      const value = raw(key) ?? wanted;
      if (value !== wanted) reject(key, `${JSON.stringify(value)} is not supported; ${JSON.stringify(wanted)} is`);
    },
  };
}

/** Above any vocabulary or width in use, and small enough that products of two stay exact. */
const largestCount = 10_000_000;

function parseObject(text: string, file: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new OrtrainError('data', `${file} is not valid JSON`, { subject: file, cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new OrtrainError('data', `${file} is not a JSON object`, { subject: file });
  }
  return json as Readonly<Record<string, unknown>>;
}

function unsupported(type: unknown, file: string): OrtrainError {
  const supported = Object.keys(parsers);
  const message = type === undefined ? 'model_type: missing' : `model_type: ${JSON.stringify(type)} is not supported`;
  return new OrtrainError('data', `${file}: ${message}`, {
    subject: file,
    problems: [{ file, field: 'model_type', message }],
    remedy: `Take a model of one of these types: ${supported.join(', ')}.`,
  });
}
