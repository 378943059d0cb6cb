import { OrtrainError } from '../../../core/errors.ts';
import type { ParameterSpec } from '../../program.ts';
import { savedParameters } from './checkpoint.ts';
import { classifierForward, encoderForward, type ClassifierOptions, type PublishedClassifier } from '../classifier.ts';
import type { EncoderConfig } from '../config/encoder-config.ts';
import { encoderOf } from '../encoders/index.ts';
import { layered, renamed, scaledOutputs, twoOutputs, type HeadLayout } from '../head-layout.ts';
import { denseRanks } from '../rank-layer.ts';
import type { ParameterSource } from './parameters.ts';
import type { NamedTensor, Safetensors } from '../formats/safetensors.ts';

/** How a trained classifier stands in a model directory: in Hugging Face's own layout wherever that can compute the same. */
export interface SavedClassifier {
  /** Keys of config.json that say which class opens it, and its head's dropout. */
  readonly config: Readonly<Record<string, unknown>>;
  /**
   * True where no class of Hugging Face's computes what is pooled. All but the encoder then belongs into a file that its tools do not read:
   * they would put the head on their own pooling.
   */
  readonly isApart: boolean;
  /** What the file of weights holds, for the parameters' values; without the tensors whose names are given. */
  tensors(source: ParameterSource, without?: ReadonlySet<string>): readonly NamedTensor[];
  /** The parameters' values. Throws OrtrainError `data` unless the file is one that `tensors` makes, or made when a pair had one output. */
  read(file: Safetensors): ParameterSource;
}

/**
 * A classifier `asPair` is saved with two outputs, 0 and the one that it has; one of ranks with a dense layer of its outputs, one with
 * a scale with that in its last layer.
 */
export function savedClassifier(options: PublishedClassifier): SavedClassifier {
  const { encoder, classifier, dropoutKey } = encoderOf(options.encoder).huggingFace;
  const { parameters } = classifierForward(options);
  const isApart = options.pooling !== undefined && options.pooling !== 'default';
  const isPair = options.asPair && !isApart;
  const last = isApart ? undefined : lastLayout(options, parameters);
  const { isStandard, layout } = last === undefined ? layoutOf(options, parameters) : above(last, options);
  return {
    isApart,
    config: {
      architectures: [isStandard ? classifier : encoder],
      ...(dropoutKey === null ? {} : { [dropoutKey]: options.head.dropout }),
    },
    tensors(source, without = new Set()) {
      const stored = layout.store(source);
      return layout.tensors
        .filter(({ name }) => !without.has(name))
        .map((spec) => ({ name: spec.name, shape: spec.shape, data: stored(spec) }));
    },
    read(file) {
      const older = isPair ? layoutOf(options, parameters).layout : layout;
      return readAs(isPair && hasOneOutput(file, older.tensors, layout.tensors) ? older : layout, file);
    },
  };
}

/**
 * The tensors of an encoder that models with any head have in common, under the names that they have in a model directory: all but those of
 * a pooler, which some classes count to the head.
 */
export function commonTensors(encoder: EncoderConfig): readonly ParameterSpec[] {
  const { optional } = encoderOf(encoder).names;
  return encoderForward(encoder).parameters.filter(({ name }) => !optional.some((start) => name.startsWith(start)));
}

interface ClassLayout {
  /** True where Hugging Face's class computes the same from it. */
  readonly isStandard: boolean;
  readonly layout: HeadLayout;
}

function layoutOf({ encoder, pooling = 'default', head }: ClassifierOptions, parameters: readonly ParameterSpec[]): ClassLayout {
  const standard = pooling === 'default' && head.dense.length === 0 ? encoderOf(encoder).huggingFace.layout(parameters) : undefined;
  return { isStandard: standard !== undefined, layout: standard ?? renamed(parameters) };
}

/** Of a last layer that other tools have otherwise. */
function lastLayout(
  { head: { dense }, asPair, ranks, scale }: PublishedClassifier,
  parameters: readonly ParameterSpec[],
): HeadLayout | undefined {
  const last = dense.length === 0 ? 'classifier' : `classifier.${dense.length}`;
  if (ranks !== undefined) return denseRanks(parameters, last, ranks);
  if (scale !== undefined) return scaledOutputs(parameters, last, scale);
  return asPair ? twoOutputs(parameters, last) : undefined;
}

function above(last: HeadLayout, options: ClassifierOptions): ClassLayout {
  const { isStandard, layout } = layoutOf(options, last.tensors);
  return { isStandard, layout: layered(last, layout) };
}

/** Whether the file has the bias of the last layer, which tells the number of outputs, as the older layout has it. */
function hasOneOutput(file: Safetensors, older: readonly ParameterSpec[], newer: readonly ParameterSpec[]): boolean {
  const rows = new Map(newer.map(({ name, shape }) => [name, shape[0]]));
  const bias = older.find(({ name, shape }) => shape.length === 1 && shape[0] !== rows.get(name));
  return bias !== undefined && file.entries.get(bias.name)?.shape[0] === bias.shape[0];
}

function readAs({ tensors, store, load, redundant }: HeadLayout, file: Safetensors): ParameterSource {
  const stored = savedParameters(file, tensors);
  const source = load(stored);
  const again = store(source);
  const changed = redundant.filter((spec) => !equal(stored(spec), again(spec)));
  if (changed.length > 0) throw changedElsewhere(file, changed.map(({ name }) => name));
  return source;
}

function equal(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

function changedElsewhere(file: Safetensors, names: readonly string[]): OrtrainError {
  return new OrtrainError('data', `${file.name} holds a head that was changed after it was saved here`, {
    subject: file.name,
    problems: names.map((name) => ({ file: file.name, message: `${name} does not represent a single dense layer` })),
    remedy: 'Use the model.safetensors and config.json that were saved together, or load the model with Transformers.',
  });
}
