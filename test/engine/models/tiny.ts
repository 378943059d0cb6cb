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

export const tinyXlmRobertaJson: Json = { ...tinyRobertaJson, model_type: 'xlm-roberta' };
export const tinyCamembertJson: Json = { ...tinyRobertaJson, model_type: 'camembert' };
export const tinyElectraJson: Json = { ...tinyConfigJson, model_type: 'electra', embedding_size: 6 };
export const tinyMpnetJson: Json = { ...tinyConfigJson, model_type: 'mpnet', max_position_embeddings: 18 };

/** Without the dropout of the others, which ALBERT has to be told. */
export const tinyAlbertJson: Json = {
  ...tinyConfigJson,
  model_type: 'albert',
  embedding_size: 6,
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
};

/** Of version 3: relative positions alone, in buckets, through the projections of the contents. */
export const tinyDebertaJson: Json = {
  model_type: 'deberta-v2',
  vocab_size: 50,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 16,
  type_vocab_size: 0,
  relative_attention: true,
  position_buckets: 4,
  norm_rel_ebd: 'layer_norm',
  share_att_key: true,
  pos_att_type: 'p2c|c2p',
  position_biased_input: false,
};

/** With a global layer, and local ones after it where there are more; and with dropout, which the published ones do not have. */
export const tinyModernbertJson: Json = {
  model_type: 'modernbert',
  vocab_size: 50,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 16,
  local_attention: 4,
  pad_token_id: 0,
  mlp_dropout: 0.1,
  attention_dropout: 0.1,
};

interface TinyEncoder {
  readonly json: Json;
  /** What its config.json calls the number of layers, the width and the dropouts. */
  readonly keys: { readonly layers: string; readonly width: string; readonly hidden: string; readonly attention: string };
}

const bertKeys = {
  layers: 'num_hidden_layers',
  width: 'hidden_size',
  hidden: 'hidden_dropout_prob',
  attention: 'attention_probs_dropout_prob',
} as const;

/** One of each kind, by `model_type`. Whatever holds for every encoder is tested with these. */
export const tinyEncoders: Readonly<Record<string, TinyEncoder>> = {
  bert: { json: tinyConfigJson, keys: bertKeys },
  roberta: { json: tinyRobertaJson, keys: bertKeys },
  distilbert: { json: tinyDistilbertJson, keys: { layers: 'n_layers', width: 'dim', hidden: 'dropout', attention: 'attention_dropout' } },
  'xlm-roberta': { json: tinyXlmRobertaJson, keys: bertKeys },
  camembert: { json: tinyCamembertJson, keys: bertKeys },
  electra: { json: tinyElectraJson, keys: bertKeys },
  mpnet: { json: tinyMpnetJson, keys: bertKeys },
  albert: { json: tinyAlbertJson, keys: bertKeys },
  'deberta-v2': { json: tinyDebertaJson, keys: bertKeys },
  modernbert: { json: tinyModernbertJson, keys: { ...bertKeys, hidden: 'mlp_dropout', attention: 'attention_dropout' } },
};

export function tinyConfig(changes: Json = {}, json = tinyConfigJson): EncoderConfig {
  return parseEncoderConfig(JSON.stringify({ ...json, ...changes }), 'config.json');
}
