import { bind, rewrite, toStandard, type ConstantData, type Graph, type Value } from '../../graph/index.ts';
import type { Feeds } from '../../program.ts';
import { classifierForward, type PublishedClassifier } from '../classifier.ts';
import { modelInputs } from '../encode.ts';
import type { EncoderConfig } from '../config/encoder-config.ts';
import { encoderOf } from '../encoders/index.ts';
import type { OutputScale } from '../head-layout.ts';
import type { ParameterSource } from '../weights/parameters.ts';

/** A classifier that others can run: fed with what a tokenizer gives, in standard ONNX operators, with its weights. */
export interface PortableModel {
  /** Among its inputs are the weights, by name. */
  readonly graph: Graph;
  readonly weights: ReadonlyMap<string, ConstantData>;
  /** What is still to be made of its outputs, in float32 whatever the graph computes in: a number may be too large for float16. */
  readonly scale?: OutputScale;
}

/**
 * A classifier with the inputs and outputs of Hugging Face's ONNX models. In: `input_ids`, `attention_mask` and, for an encoder
 * that has segments, `token_type_ids`, int64 [batch, sequence]. Out: `logits`, float32 [batch, outputs], where a classifier
 * `asPair` answers both. It is the graph that training evaluates, fed from other inputs.
 */
export function portableClassifier(options: PublishedClassifier, source: ParameterSource): PortableModel {
  const { graph, parameters } = classifierForward(options);
  const fed = rewrite(graph, (g) => {
    const input = (name: string): Value => g.input(name, 'int64', ['batch', 'sequence']);
    const [ids, mask] = [input('input_ids'), input('attention_mask')];
    const given = { ids, mask, types: () => input('token_type_ids') };
    const inputs = modelInputs(options.encoder);
    const rows = new Set(inputs.filter(({ portable }) => portable === null).map(({ name }) => name));
    const feeds = new Map(inputs.map(({ name, portable }) => [name, portable]));
    return {
      symbols: { B: 'batch', S: 'sequence' },
      // What lists rows is only read by the look-ups that are left out below; anything stands for it.
      input: ({ name }) => (rows.has(name) ? ids : feeds.get(name)?.(g, given)),
      // Training takes the rows of a batch out of a table first; here ids point into the whole table.
      node: ({ op, inputs: [, at] }, [table]) => (op === 'Gather' && rows.has(at?.name ?? '') ? (table ?? undefined) : undefined),
      output: (logits) => (options.asPair ? g.Pad(logits, { pads: [0, 1, 0, 0] }) : logits),
    };
  });
  const weights = new Map(parameters.map((spec) => [spec.name, source(spec)]));
  return { graph: toStandard(fed), weights, ...(options.scale === undefined ? {} : { scale: options.scale }) };
}

/** Hugging Face's class for classifying with this encoder. */
export function classificationClass(encoder: EncoderConfig): string {
  return encoderOf(encoder).huggingFace.classifier;
}

/** The finished graph, with the weights that it uses as constants under their names. */
export function withWeights({ graph, weights, scale }: PortableModel): Graph {
  const bound = bind(graph, weights);
  if (scale === undefined) return bound;
  return rewrite(bound, (g) => {
    const numbers = (values: readonly number[]): Value => g.constant(Float32Array.from(values), 'float32', [values.length]);
    return { output: (logits) => g.Add(g.Mul(logits, numbers(scale.sd)), numbers(scale.mean)) };
  });
}

/** Inputs of a portable classifier for token ids, one list a text, padded to `width`; without types all tokens are of segment 0. */
export function portableFeeds(
  { ids, types }: { readonly ids: readonly ArrayLike<number>[]; readonly types?: readonly ArrayLike<number>[] | undefined },
  width: number,
  padTokenId: number,
): Feeds {
  const shape = [ids.length, width];
  const tensor = (fill: number, lists: readonly ArrayLike<number>[], of = (id: number): number => id): Feeds[string] => {
    const data = new BigInt64Array(ids.length * width).fill(BigInt(fill));
    lists.forEach((list, b) => data.set(BigInt64Array.from(list, (id) => BigInt(of(id))), b * width));
    return { dtype: 'int64', shape, data };
  };
  return { input_ids: tensor(padTokenId, ids), attention_mask: tensor(0, ids, () => 1), token_type_ids: tensor(0, types ?? []) };
}
