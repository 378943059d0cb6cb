import type { Value } from '../graph/index.ts';
import { activate, type Activation } from './blocks/activation.ts';
import { dense } from './blocks/dense.ts';
import type { ModelBuilder } from './model-builder.ts';
import { rankOutputs, type RankLayer } from './rank-layer.ts';

/** A stack of dense layers over the encoder's features. */
export interface HeadOptions {
  /** Widths before the output layer; none for a single dense layer. */
  readonly dense: readonly number[];
  /** Probability of dropping an input of each of the first two dense layers. */
  readonly dropout: number;
  /** Between dense layers. */
  readonly activation: Activation;
}

interface LastLayer {
  readonly outputs: number;
  readonly ranks?: RankLayer;
}

/** Dense layers that have dropout before them, as in the reference experiment's heads. */
const layersWithDropout = 2;

/**
 * Logits [B, outputs] of features [B, width]. A single dense layer is called `classifier`, as in Hugging Face's models for
 * sequence classification; the layers of a deeper head are `classifier.0`, `classifier.1`, …
 * They start as torch.nn.Linear does: weight and bias uniform within ±1/√inputs.
 */
export function head(m: ModelBuilder, features: Value, width: number, options: HeadOptions, { outputs, ranks }: LastLayer): Value {
  const widths = [...options.dense, outputs];
  let x = features;
  let inputs = width;
  widths.forEach((layerWidth, i) => {
    const name = widths.length === 1 ? 'classifier' : `classifier.${i}`;
    const init = { kind: 'uniform', bound: 1 / Math.sqrt(inputs) } as const;
    if (i < layersWithDropout) x = m.dropout(`${name}.dropout`, x, options.dropout);
    const isRanks = ranks !== undefined && i === options.dense.length;
    const layer = m.at(name);
    x = isRanks ? rankOutputs(layer, x, inputs, outputs, ranks) : dense(layer, x, inputs, layerWidth, { weight: init, bias: init });
    if (i < options.dense.length) x = m.g.scope(name, () => activate(m, x, options.activation));
    inputs = layerWidth;
  });
  return x;
}
