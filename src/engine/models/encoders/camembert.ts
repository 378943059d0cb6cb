import type { Encoder } from '../encoder.ts';
import type { BertConfig } from './bert.ts';
import { roberta } from './roberta.ts';

/** CamemBERT (Martin et al. 2020): RoBERTa's graph and names of tensors, with a French vocabulary. */
export const camembert: Encoder<BertConfig> = {
  ...roberta,
  names: { ...roberta.names, recognized: [] },
  huggingFace: {
    ...roberta.huggingFace,
    encoder: 'CamembertModel',
    classifier: 'CamembertForSequenceClassification',
  },
};
