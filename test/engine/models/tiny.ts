import { parseEncoderConfig, type EncoderConfig } from '../../../src/engine/models/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** The keys of a config.json that cannot be left out, of a BERT that is small enough to print. */
export const tinyConfigJson: Json = {
  model_type: 'bert',
  vocab_size: 50,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 16,
};

/** The same of a RoBERTa with one segment, as all of them have. */
export const tinyRobertaJson: Json = { ...tinyConfigJson, model_type: 'roberta', type_vocab_size: 1, max_position_embeddings: 18 };

export const tinyDistilbertJson: Json = {
  model_type: 'distilbert',
  vocab_size: 50,
  dim: 8,
  n_layers: 1,
  n_heads: 2,
  hidden_dim: 16,
  max_position_embeddings: 16,
};

export function tinyConfig(changes: Json = {}, json = tinyConfigJson): EncoderConfig {
  return parseEncoderConfig(JSON.stringify({ ...json, ...changes }), 'config.json');
}
