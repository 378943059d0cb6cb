import { OrtrainError } from '../../../core/errors.ts';
import { briefly } from '../../../core/shapes.ts';
import { fieldsOf } from './config-fields.ts';
import { rejectAbsurd, type EncoderConfig } from './encoder-config.ts';
import { encoders } from '../encoders/index.ts';

const modelTypes = Object.keys(encoders);

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
  const encoder = typeof type === 'string' && Object.hasOwn(encoders, type) ? encoders[type] : undefined;
  if (encoder === undefined) throw unsupported(type, file);
  const config = { modelType: type as string, ...encoder.parse(fields) };
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

/** The kind that all classes are of, if it is one that is supported: `BertForMaskedLM`, `RobertaModel`. */
function typeByClass(classes: unknown): string | undefined {
  const types = Array.isArray(classes) ? classes.map((name) => modelTypes.find((type) => isClassOf(type, name))) : [];
  return new Set(types).size === 1 ? types[0] : undefined;
}

function isClassOf(type: string, name: unknown): boolean {
  const stem = encoders[type]!.huggingFace.encoder.replace(/Model$/, '');
  return typeof name === 'string' && name.startsWith(stem) && /^(?:Model|LMHeadModel|For[A-Z]\w*)$/.test(name.slice(stem.length));
}

/** The one kind that names in a checkpoint have a beginning of, wherever it stands in them. */
function typeByNames(names: readonly string[]): string | undefined {
  const hasAny = (beginnings: readonly string[]): boolean =>
    beginnings.some((beginning) => names.some((name) => `.${name}`.includes(`.${beginning}`)));
  const found = modelTypes.filter((type) => hasAny(encoders[type]!.names.recognized));
  return found.length === 1 ? found[0] : undefined;
}

function unsupported(type: unknown, file: string): OrtrainError {
  const message =
    type === undefined
      ? 'model_type: missing, and neither architectures nor the names of the weights identify the encoder'
      : `model_type: ${briefly(type)} is not supported`;
  return new OrtrainError('data', `${file}: ${message}`, {
    subject: file,
    problems: [{ file, field: 'model_type', message }],
    remedy:
      `${type === undefined ? 'Add "model_type" to the file, or take' : 'Take'} a model of one of these ` +
      `types: ${modelTypes.join(', ')}.`,
  });
}
