import type { Fields } from '../config/config-fields.ts';
import type { Encoder } from '../encoder.ts';
import { poolerInHead } from '../head-layout.ts';
import { bertEmbeddings, bertInputs, bertLayers, bertPooled, layerNames, parseAsBert, robertaDefaults, type BertConfig } from './bert.ts';

/**
 * RoBERTa (Liu et al. 2019): BERT with one segment for all tokens, whose positions begin after the padding token's id. A padding token that
 * stands inside a text counts as a position like any other token.
 */
export const roberta: Encoder<BertConfig> = {
  parse: parseAsRoberta,
  inputs: bertInputs,
  embed: bertEmbeddings,
  layers: (m, config) => bertLayers(m, config, 'encoder.layer', layerNames),
  pooled: bertPooled,
  names: {
    prefix: 'roberta.',
    words: 'roberta.embeddings.word_embeddings.weight',
    layers: 'roberta.encoder.layer.',
    top: ['roberta.pooler.'],
    optional: ['roberta.pooler.'],
    ignored: ['roberta.embeddings.position_ids'],
    renames: [],
    recognized: ['roberta.embeddings.'],
  },
  huggingFace: {
    encoder: 'RobertaModel',
    classifier: 'RobertaForSequenceClassification',
    dropoutKey: 'classifier_dropout',
    layout: (parameters) => poolerInHead(parameters, 'roberta.pooler.dense.'),
  },
};

function parseAsRoberta(fields: Fields): Omit<BertConfig, 'modelType'> {
  const { maxPositions: rows, ...config } = parseAsBert(fields, robertaDefaults);
  const firstPosition = config.padTokenId + 1;
  if (rows <= firstPosition)
    fields.reject('max_position_embeddings', `${rows} leaves no position after the first ${firstPosition}, which are never used`);
  return { ...config, firstPosition, maxPositions: rows - firstPosition };
}
