import { OrtrainError } from '../../core/errors.ts';
import { architectureOf } from './architectures.ts';
import { savedParameters } from './checkpoint.ts';
import { classifierForward, type ClassifierOptions } from './classifier.ts';
import { renamed } from './head-layout.ts';
import type { ParameterSource } from './parameters.ts';
import type { NamedTensor, Safetensors } from './safetensors.ts';

/** How a trained classifier stands in a model directory: in Hugging Face's own layout wherever that can compute the same. */
export interface SavedClassifier {
  /** Keys of config.json that say which class opens it, and its head's dropout. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What model.safetensors holds, for the parameters' values. */
  tensors(source: ParameterSource): readonly NamedTensor[];
  /** The parameters' values. Throws OrtrainError `data` unless the file is one that `tensors` makes. */
  read(file: Safetensors): ParameterSource;
}

export function savedClassifier(options: ClassifierOptions): SavedClassifier {
  const { encoder, classifier, dropoutKey, layout: layoutFor } = architectureOf(options.encoder).huggingFace;
  const { parameters } = classifierForward(options);
  const standard = options.head.dense.length === 0 ? layoutFor(parameters) : undefined;
  const { tensors, store, load, redundant } = standard ?? renamed(parameters);
  return {
    config: { architectures: [standard === undefined ? encoder : classifier], [dropoutKey]: options.head.dropout },
    tensors(source) {
      const stored = store(source);
      return tensors.map((spec) => ({ name: spec.name, shape: spec.shape, data: stored(spec) }));
    },
    read(file) {
      const stored = savedParameters(file, tensors);
      const source = load(stored);
      const again = store(source);
      const changed = redundant.filter((spec) => !equal(stored(spec), again(spec)));
      if (changed.length > 0) throw changedElsewhere(file, changed.map(({ name }) => name));
      return source;
    },
  };
}

function equal(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

function changedElsewhere(file: Safetensors, names: readonly string[]): OrtrainError {
  return new OrtrainError('data', `${file.source.name} holds a head that was changed after it was saved here`, {
    subject: file.source.name,
    problems: names.map((name) => ({ file: file.source.name, message: `${name} does not stand for a single dense layer` })),
    remedy: 'Use the model.safetensors and config.json that were saved together, or load the model with Transformers.',
  });
}
