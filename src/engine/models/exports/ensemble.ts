import { sha256 } from '../../../core/hash.ts';
import { graphBuilder, inline, type Builder, type ConstantData, type Value } from '../../graph/index.ts';
import type { PortableModel } from './portable.ts';

/** What the logits of several models stand for, whose mean is taken: the probabilities of a softmax or of sigmoids, or numbers. */
export type Averaged = 'softmax' | 'sigmoid' | 'number';

/**
 * Several portable models as one, with their inputs and their output `logits`, float32 [batch, outputs]: the logits whose softmax or
 * sigmoids are the mean of the models' own, or the mean number. Probabilities are also an output of that name, [batch, outputs]. Weights
 * that are equal in several models are there once, and what is computed of them alone is computed once.
 */
export function ensembleOf(models: readonly PortableModel[], averaged: Averaged): PortableModel {
  const [first, ...rest] = models;
  if (first === undefined) throw new Error('an ensemble has a model or more');
  if (rest.some(({ scale }) => JSON.stringify(scale) !== JSON.stringify(first.scale)))
    throw new Error('the models of an ensemble give away their outputs by the same scale');
  const g = graphBuilder('ensemble', ['logits', 'probabilities']);
  const [inputs, weights] = [new Map<string, Value>(), new Map<string, ConstantData>()];
  const outputs = models.map(({ graph, weights: own }, i) => {
    const made = inline(g, graph, {
      input(x) {
        const data = own.get(x.name);
        const key = data === undefined ? x.name : contentKey(x, data);
        const known = inputs.get(key);
        if (known !== undefined) return known;
        const name = weights.has(x.name) ? `${x.name}.model-${i}` : x.name;
        const value = g.input(name, x.dtype, x.shape);
        inputs.set(key, value);
        if (data !== undefined) weights.set(name, data);
        return value;
      },
    });
    return made.get('logits') as Value;
  });
  for (const [name, value] of Object.entries(means[averaged](g, outputs))) g.output(name, value);
  return { graph: g.build(), weights, ...(first.scale === undefined ? {} : { scale: first.scale }) };
}

/** By outputs. */
type Means = (g: Builder, logits: readonly Value[]) => Readonly<Record<string, Value>>;

const means: Readonly<Record<Averaged, Means>> = {
  number: (g, logits) => ({ logits: mean(g, logits) }),
  /** softmax(log p) = p, since the p of a row add up to 1. */
  softmax(g, logits) {
    const p = mean(g, logits.map((x) => g.Softmax(x)));
    return { logits: logOf(g, p), probabilities: p };
  },
  /** σ(log p − log q) = p, where q = 1 − p is taken as a mean of its own, so that no digits are lost where p is near 1. */
  sigmoid(g, logits) {
    const p = mean(g, logits.map((x) => g.Sigmoid(x)));
    const q = mean(g, logits.map((x) => g.Sigmoid(g.Neg(x))));
    return { logits: g.Sub(logOf(g, p), logOf(g, q)), probabilities: p };
  },
};

function mean(g: Builder, values: readonly Value[]): Value {
  return g.Mul(values.reduce((sum, x) => g.Add(sum, x)), g.scalar(1 / values.length));
}

/** The smallest normal float32, so that a probability of 0 has a logarithm. */
const TINY = 2 ** -126;

function logOf(g: Builder, p: Value): Value {
  return g.Log(g.Clip(p, { min: TINY }));
}

function contentKey({ name, dtype, shape }: Value, data: ConstantData): string {
  return `${name} ${dtype} [${shape.join(' ')}] ${sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))}`;
}
