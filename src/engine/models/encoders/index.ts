import type { Encoder } from '../encoder.ts';
import type { EncoderConfig } from '../config/encoder-config.ts';
import { albert } from './albert.ts';
import { bert } from './bert.ts';
import { camembert } from './camembert.ts';
import { debertaV2 } from './deberta-v2.ts';
import { distilbert } from './distilbert.ts';
import { electra } from './electra.ts';
import { modernbert } from './modernbert.ts';
import { mpnet } from './mpnet.ts';
import { roberta } from './roberta.ts';
import { xlmRoberta } from './xlm-roberta.ts';

/** The supported encoders by the `model_type` of a Hugging Face config.json. A new encoder is a file beside this one and an entry here. */
export const encoders: Readonly<Record<string, Encoder>> = {
  bert,
  roberta,
  distilbert,
  'xlm-roberta': xlmRoberta,
  camembert,
  electra,
  mpnet,
  albert,
  'deberta-v2': debertaV2,
  modernbert,
};

/** The encoder that a configuration belongs to. */
export function encoderOf({ modelType }: EncoderConfig): Encoder {
  const encoder = Object.hasOwn(encoders, modelType) ? encoders[modelType] : undefined;
  if (encoder === undefined) throw new Error(`no encoder is called ${modelType}`);
  return encoder;
}
