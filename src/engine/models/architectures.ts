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

const modelTypes = Object.keys(architectures) as readonly ModelType[];

export function architectureOf(config: EncoderConfig): Architecture {
  return architectures[config.modelType];
}

/**
 * Reads the text of a config.json. Sizes must be there; the other keys have the defaults of Hugging Face's configurations. Old ones do not
 * say what kind of model they describe: then `architectures` does, or else the names of the checkpoint's tensors.
 * Throws OrtrainError `data` that lists every missing or impossible key with the file's name.
 *
 * @param tensorNames of the checkpoint, asked for only where nothing else tells the kind
 */
export function parseEncoderConfig(text: string, file: string, tensorNames: () => readonly string[] = () => []): EncoderConfig {
  const fields = fieldsOf(text, file);
  const named = fields.raw('model_type') ?? undefined;
  const type = named ?? typeByClass(fields.raw('architectures')) ?? typeByNames(tensorNames());
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

/** The kind that all classes are of, if it is one that is supported: `BertForMaskedLM`, `RobertaModel`. */
function typeByClass(classes: unknown): ModelType | undefined {
  const types = Array.isArray(classes) ? classes.map((name) => modelTypes.find((type) => isClassOf(type, name))) : [];
  return new Set(types).size === 1 ? types[0] : undefined;
}

function isClassOf(type: ModelType, name: unknown): boolean {
  const stem = architectures[type].huggingFace.encoder.replace(/Model$/, '');
  return typeof name === 'string' && name.startsWith(stem) && /^(?:Model|LMHeadModel|For[A-Z]\w*)$/.test(name.slice(stem.length));
}

/** The one kind whose prefix names in a checkpoint have, wherever it stands in them. */
function typeByNames(names: readonly string[]): ModelType | undefined {
  const found = modelTypes.filter((type) => names.some((name) => `.${name}`.includes(`.${architectures[type].naming.prefix}embeddings.`)));
  return found.length === 1 ? found[0] : undefined;
}

function unsupported(type: unknown, file: string): OrtrainError {
  const message =
    type === undefined
      ? 'model_type: missing, and neither architectures nor the names of the weights tell it'
      : `model_type: ${briefly(type)} is not supported`;
  return new OrtrainError('data', `${file}: ${message}`, {
    subject: file,
    problems: [{ file, field: 'model_type', message }],
    remedy:
      `${type === undefined ? 'Add "model_type" to the file, or take' : 'Take'} a model of one of these ` +
      `types: ${modelTypes.join(', ')}.`,
  });
}
