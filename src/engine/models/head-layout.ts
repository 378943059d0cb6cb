import type { ParameterSpec } from '../program.ts';
import type { ParameterSource } from './weights/parameters.ts';

/** How a classifier's parameters lie in a file, where that has other tensors than the model. */
export interface HeadLayout {
  /** The file's tensors. */
  readonly tensors: readonly ParameterSpec[];
  /** A model's values → the file's. */
  store(model: ParameterSource): ParameterSource;
  /** The file's values → the model's: what was stored comes back. */
  load(file: ParameterSource): ParameterSource;
  /** Tensors that hold more numbers than they need; of these, `load` understands only what `store` makes. */
  readonly redundant: readonly ParameterSpec[];
}

/** The parameters under other names: beginnings in the model, and what stands in their place in the file; the first that fits counts. */
export function renamed(
  parameters: readonly ParameterSpec[],
  beginnings: readonly (readonly [model: string, file: string])[] = [],
): HeadLayout {
  const inFile = (spec: ParameterSpec): ParameterSpec => {
    const [from, to] = beginnings.find(([model]) => spec.name.startsWith(model)) ?? ['', ''];
    return { ...spec, name: to + spec.name.slice(from.length) };
  };
  const inModel = new Map(parameters.map((spec) => [inFile(spec).name, spec]));
  return {
    tensors: parameters.map(inFile),
    store: (model) => (spec, into) => model(inModel.get(spec.name) ?? spec, into),
    load: (file) => (spec, into) => file(inFile(spec), into),
    redundant: [],
  };
}

/**
 * The parameters as in a class without a pooler, whose head is a `dense` layer over the first token with its activation, which is the
 * pooler, then `out_proj`.
 *
 * @param pooler what the names of the model's pooler begin with
 */
export function poolerInHead(parameters: readonly ParameterSpec[], pooler: string): HeadLayout {
  return renamed(parameters, [
    [pooler, 'classifier.dense.'],
    ['classifier.', 'classifier.out_proj.'],
  ]);
}

/**
 * One output x as the two outputs 0 and x, whose softmax is [1 − sigmoid(x), sigmoid(x)]: what every tool makes of two classes. Where
 * others have trained the first one too, their difference is x, which is all that a softmax sees.
 *
 * @param last the name of the head's last dense layer
 */
export function twoOutputs(parameters: readonly ParameterSpec[], last: string): HeadLayout {
  const isLast = ({ name }: ParameterSpec): boolean => name === `${last}.weight` || name === `${last}.bias`;
  const doubled = (spec: ParameterSpec): ParameterSpec => (isLast(spec) ? { ...spec, shape: [2, ...spec.shape.slice(1)] } : spec);
  const single = (spec: ParameterSpec): ParameterSpec => (isLast(spec) ? { ...spec, shape: [1, ...spec.shape.slice(1)] } : spec);
  return {
    tensors: parameters.map(doubled),
    store: (model) => (spec, into) => {
      if (!isLast(spec)) return model(spec, into);
      const x = model(single(spec));
      return filled(into, Float32Array.from({ length: 2 * x.length }, (_, i) => (i < x.length ? 0 : (x[i - x.length] ?? 0))));
    },
    load: (file) => (spec, into) => {
      if (!isLast(spec)) return file(spec, into);
      const both = file(doubled(spec));
      const width = both.length / 2;
      return filled(into, Float32Array.from({ length: width }, (_, i) => (both[width + i] ?? 0) - (both[i] ?? 0)));
    },
    redundant: [],
  };
}

/** Outputs z are given away as mean + sd · z, a number for each output. */
export interface OutputScale {
  readonly mean: readonly number[];
  readonly sd: readonly number[];
}

/**
 * The last dense layer, z = x Wᵀ + b, with a scale folded in: the file's rows are sd · W and its biases mean + sd · b, so that it answers
 * mean + sd · z. What was stored comes back but for rounding to float32.
 *
 * @param last the name of the head's last dense layer
 */
export function scaledOutputs(parameters: readonly ParameterSpec[], last: string, { mean, sd }: OutputScale): HeadLayout {
  const isWeight = ({ name }: ParameterSpec): boolean => name === `${last}.weight`;
  const isBias = ({ name }: ParameterSpec): boolean => name === `${last}.bias`;
  const folded = (spec: ParameterSpec, values: Float32Array, of: (value: number, output: number) => number): Float32Array => {
    const width = values.length / (spec.shape[0] as number);
    return values.map((value, i) => of(value, Math.floor(i / width)));
  };
  return {
    tensors: parameters,
    store: (model) => (spec, into) => {
      if (isWeight(spec)) return filled(into, folded(spec, model(spec), (value, k) => value * sd[k]!));
      if (isBias(spec)) return filled(into, folded(spec, model(spec), (value, k) => mean[k]! + value * sd[k]!));
      return model(spec, into);
    },
    load: (file) => (spec, into) => {
      if (isWeight(spec)) return filled(into, folded(spec, file(spec), (value, k) => value / sd[k]!));
      if (isBias(spec)) return filled(into, folded(spec, file(spec), (value, k) => (value - mean[k]!) / sd[k]!));
      return file(spec, into);
    },
    redundant: [],
  };
}

/** What `inner` makes of the parameters, laid out by what `outer` makes of that. */
export function layered(inner: HeadLayout, outer: HeadLayout): HeadLayout {
  return {
    tensors: outer.tensors,
    store: (model) => outer.store(inner.store(model)),
    load: (file) => inner.load(outer.load(file)),
    redundant: outer.redundant,
  };
}

function filled(into: Float32Array | undefined, values: Float32Array): Float32Array {
  into?.set(values);
  return into ?? values;
}

/**
 * The dense layer `classifier`, x Wᵀ + b, as two with a ReLU between them, exactly: z = relu(z) − relu(−z). `pre_classifier`
 * computes z = x Wᵀ in its first rows, −z in as many more and nothing in the rest; `classifier` takes the differences and adds b.
 * Undefined where the width has no room for two rows an output.
 */
export function throughRelu(parameters: readonly ParameterSpec[]): HeadLayout | undefined {
  const weight = parameters.find(({ name }) => name === 'classifier.weight');
  const [outputs = 0, width = 0] = weight?.shape ?? [];
  if (weight === undefined || 2 * outputs > width) return undefined;
  const init = { kind: 'zeros' } as const;
  const preWeight: ParameterSpec = { name: 'pre_classifier.weight', shape: [width, width], init };
  const preBias: ParameterSpec = { name: 'pre_classifier.bias', shape: [width], init };
  return {
    tensors: [...parameters, preWeight, preBias],
    store: (model) => (spec, into) => {
      switch (spec.name) {
        case preWeight.name:
          return withNegatives(model(weight), width);
        case preBias.name:
          return new Float32Array(width);
        case weight.name:
          return differences(outputs, width);
        default:
          return model(spec, into);
      }
    },
    load: (file) => (spec, into) => {
      if (spec.name !== weight.name) return file(spec, into);
      return filled(into, file(preWeight).slice(0, outputs * width));
    },
    redundant: [preWeight, preBias, weight],
  };
}

/** Rows [outputs, width], the same rows with the other sign, and zeros: [width, width]. */
function withNegatives(rows: Float32Array, width: number): Float32Array {
  const all = new Float32Array(width * width);
  all.set(rows);
  all.set(rows.map((x) => -x), rows.length);
  return all;
}

/** Row k takes number k minus number outputs + k: [outputs, width]. */
function differences(outputs: number, width: number): Float32Array {
  const rows = new Float32Array(outputs * width);
  for (let k = 0; k < outputs; k++) {
    rows[k * width + k] = 1;
    rows[k * width + outputs + k] = -1;
  }
  return rows;
}
