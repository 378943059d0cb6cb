import type { Encoder } from '../encoder.ts';
import type { BertConfig } from './bert.ts';
import { roberta } from './roberta.ts';

/** XLM-RoBERTa (Conneau et al. 2020): RoBERTa's graph and names of tensors, with a vocabulary for a hundred languages. */
export const xlmRoberta: Encoder<BertConfig> = {
  ...roberta,
  names: { ...roberta.names, recognized: [] },
  huggingFace: {
    ...roberta.huggingFace,
    encoder: 'XLMRobertaModel',
    classifier: 'XLMRobertaForSequenceClassification',
  },
};
