import { bind, rewrite, toStandard, type Builder, type ConstantData, type Graph, type Value } from '../graph/index.ts';
import type { Feeds } from '../program.ts';
import { architectureOf } from './architectures.ts';
import { classifierForward, type PublishedClassifier } from './classifier.ts';
import type { EncoderConfig } from './encoder-config.ts';
import { MASKED } from './feeds.ts';
import type { ParameterSource } from './parameters.ts';

/** A classifier that others can run: fed with what a tokenizer gives, in standard ONNX operators, with its weights. */
export interface PortableModel {
  /** Among its inputs are the weights, by name. */
  readonly graph: Graph;
  readonly weights: ReadonlyMap<string, ConstantData>;
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
    const feeds: Readonly<Record<string, () => Value>> = {
      token_rows: () => ids, // only read by the look-ups that are left out below
      tokens: () => ids,
      positions: () => positions(g, options.encoder.firstPosition),
      token_types: () => g.Cast(input('token_type_ids'), { to: 'int32' }),
      attention_bias: () => attentionBias(g, mask),
    };
    return {
      symbols: { B: 'batch', S: 'sequence' },
      input: ({ name }) => feeds[name]?.(),
      // Training takes the rows of a batch out of the table first; here ids point into the whole table.
      node: ({ op, inputs: [, rows] }, [table]) => (op === 'Gather' && rows?.name === 'token_rows' ? (table ?? undefined) : undefined),
      output: (logits) => (options.asPair ? g.Pad(logits, { pads: [0, 1, 0, 0] }) : logits),
    };
  });
  return { graph: toStandard(fed), weights: new Map(parameters.map((spec) => [spec.name, source(spec)])) };
}

/** Hugging Face's class for classifying with this encoder. */
export function classificationClass(encoder: EncoderConfig): string {
  return architectureOf(encoder).huggingFace.classifier;
}

/** The finished graph, with the weights that it uses as constants under their names. */
export function withWeights({ graph, weights }: PortableModel): Graph {
  return bind(graph, weights);
}

/** Inputs of a portable classifier for token ids, one list a text, padded to `width`. */
export function portableFeeds(ids: readonly ArrayLike<number>[], width: number, padTokenId: number): Feeds {
  const shape = [ids.length, width];
  const tensor = (fill: number, of: (id: number) => number): Feeds[string] => {
    const data = new BigInt64Array(ids.length * width).fill(BigInt(fill));
    ids.forEach((text, b) => data.set(BigInt64Array.from(text, (id) => BigInt(of(id))), b * width));
    return { dtype: 'int64', shape, data };
  };
  return { input_ids: tensor(padTokenId, (id) => id), attention_mask: tensor(0, () => 1), token_type_ids: tensor(0, () => 0) };
}

/** first, first + 1, … for every token of the sequence: int32 [S]. */
function positions(g: Builder, first: number): Value {
  const ones = g.expand(g.constant(Int32Array.of(1), 'int32', [1]), ['sequence']);
  return g.Add(g.CumSum(ones, { axis: 0, exclusive: 1 }), g.constant(Int32Array.of(first), 'int32', []));
}

/** 0 where there is text, the lowest float32 at padding: [B, 1, 1, S]. */
function attentionBias(g: Builder, mask: Value): Value {
  const padding = g.Sub(g.scalar(1), g.Cast(mask, { to: 'float32' }));
  return g.reshape(g.Mul(padding, g.scalar(MASKED)), ['batch', 1, 1, 'sequence']);
}
