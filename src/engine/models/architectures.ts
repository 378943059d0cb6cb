import { OrtrainError } from '../../core/errors.ts';
import { briefly } from '../../core/shapes.ts';
import type { Architecture } from './architecture.ts';
import { bert } from './bert.ts';
import { fieldsOf } from './config-fields.ts';
import { distilbert } from './distilbert.ts';
import { rejectAbsurd, type EncoderConfig, type ModelType } from './encoder-config.ts';
import { roberta } from './roberta.ts';

/** What is supported. A new architecture is an entry here. */
const architectures: Readonly<Record<ModelType, Architecture>> = { bert, roberta, distilbert };

export function architectureOf(config: EncoderConfig): Architecture {
  return architectures[config.modelType];
}

/**
 * Reads the text of a config.json. Sizes must be there; the other keys have the defaults of Hugging Face's configurations.
 * Throws OrtrainError `data` that lists every missing or impossible key with the file's name.
 */
export function parseEncoderConfig(text: string, file: string): EncoderConfig {
  const fields = fieldsOf(text, file);
  const type = fields.raw('model_type');
  if (!isModelType(type)) throw unsupported(type, file);
  const config = { modelType: type, ...architectures[type].parse(fields) };
  rejectAbsurd(fields, config);
  if (fields.problems.length > 0) {
    throw new OrtrainError('data', `${file} does not describe a model that can be trained`, {
      subject: file,
      problems: fields.problems,
      remedy: 'Correct these keys, or take another model.',
    });
  }
  return config;
}

function isModelType(type: unknown): type is ModelType {
  return typeof type === 'string' && Object.hasOwn(architectures, type);
}

function unsupported(type: unknown, file: string): OrtrainError {
  const message = type === undefined ? 'model_type: missing' : `model_type: ${briefly(type)} is not supported`;
  return new OrtrainError('data', `${file}: ${message}`, {
    subject: file,
    problems: [{ file, field: 'model_type', message }],
    remedy: `Take a model of one of these types: ${Object.keys(architectures).join(', ')}.`,
  });
}
