import { parentScope, type Value } from '../../graph/index.ts';
import type { Reads } from '../encoder.ts';
import type { ModelBuilder } from '../model-builder.ts';
import { activate, type Activation } from './activation.ts';
import { attention, firstTokenAttention, type AttentionNames } from './attention.ts';
import { dense, type DenseInit } from './dense.ts';
import { readTokens } from './first-tokens.ts';
import { layerNorm } from './norm.ts';

/** What the parts of a layer are called, below the layer's own name. */
export interface LayerNames extends AttentionNames {
  readonly attended: string;
  /** null where what attention gives has no dropout of its own. */
  readonly attendedDropout: string | null;
  readonly attendedNorm: string;
  readonly inner: string;
  readonly outer: string;
  /** null where the feed-forward's output has no dropout of its own. */
  readonly outerDropout: string | null;
  readonly outerNorm: string;
}

export interface LayerOptions {
  readonly width: number;
  readonly heads: number;
  readonly innerWidth: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
  readonly init: DenseInit;
}

/**
 * A layer as BERT has it: attention and feed-forward, each with a residual and layer normalization after it. x [B*S, width] → [B*S, width],
 * or [B, width] where the first token of each text is read. `m` stands at the layer; `bias` is added to the scores: it
 * broadcasts to [B, A, S, S], or is [B, 1 or A, 1, S] where the first token is read.
 */
export function postNormLayer(m: ModelBuilder, names: LayerNames, x: Value, bias: Value, reads: Reads, options: LayerOptions): Value {
  const { width, heads, init, attentionDropout } = options;
  const attentionOptions = { width, heads, init, dropout: attentionDropout };
  const queries = readTokens(m, x, reads, width);
  const context = beside(m, names.query).within(() =>
    reads === 'all'
      ? attention(m, names, x, bias, attentionOptions)
      : firstTokenAttention(m, names, queries, x, bias, attentionOptions),
  );
  return afterAttention(m, names, context, queries, options);
}

/** The rest of the layer, from what attention gives, with the queries that it started from: [N, width] both, and so the result. */
export function afterAttention(
  m: ModelBuilder,
  names: Omit<LayerNames, keyof AttentionNames>,
  context: Value,
  queries: Value,
  options: LayerOptions,
): Value {
  const { width, innerWidth, layerNormEps, init } = options;
  const dropout = (part: string | null, y: Value): Value => (part === null ? y : m.dropout(part, y, options.hiddenDropout));
  const sum = (norm: string, a: Value, b: Value): Value => beside(m, norm).within((g) => g.Add(a, b));
  const attended = dropout(names.attendedDropout, dense(m.at(names.attended), context, width, width, init));
  const middle = layerNorm(m.at(names.attendedNorm), sum(names.attendedNorm, attended, queries), width, layerNormEps);
  const widened = dense(m.at(names.inner), middle, width, innerWidth, init);
  const inner = beside(m, names.inner).within(() => activate(m, widened, options.activation));
  const outer = dropout(names.outerDropout, dense(m.at(names.outer), inner, innerWidth, width, init));
  return layerNorm(m.at(names.outerNorm), sum(names.outerNorm, outer, middle), width, layerNormEps);
}

/** The builder at the part around another: at `attention.self` for `attention.self.query`. */
function beside(m: ModelBuilder, part: string): ModelBuilder {
  const around = parentScope(part);
  return around === '' ? m : m.at(around);
}
