import { parseEncoderConfig, type EncoderConfig } from '../../../src/engine/models/index.ts';

/** The keys of a config.json that cannot be left out, of a BERT that is small enough to print. */
export const tinyConfigJson: Readonly<Record<string, unknown>> = {
  model_type: 'bert',
  vocab_size: 50,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 16,
};

export function tinyConfig(changes: Readonly<Record<string, unknown>> = {}): EncoderConfig {
  return parseEncoderConfig(JSON.stringify({ ...tinyConfigJson, ...changes }), 'config.json');
}
