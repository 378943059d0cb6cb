import { OrtrainError } from '../../core/errors.ts';
import type { EncoderConfig } from './config/encoder-config.ts';
import { encoderOf } from './encoders/index.ts';

/** The lowest part of an encoder, which is frozen: it has neither gradients nor dropout. */
export interface Prefix {
  /** Its embeddings; with layers they are frozen too. */
  readonly embeddings: boolean;
  /** How many layers, counted from the lowest. */
  readonly layers: number;
}

/** What is frozen: the whole encoder with its pooler, or its prefix. */
export type Frozen = 'encoder' | Prefix;

/** How a parameter is trained; a name may also be that of a dropout, which is inactive in a frozen part. */
export type Trainable = (name: string) => 'full' | 'frozen';

export const allTrainable: Trainable = () => 'full';

/**
 * What is left to train. Throws OrtrainError `config` for a number of layers some of which share their parameters with layers above, which
 * are trained: those would change under the frozen ones.
 */
export function trainableWithout(frozen: Frozen, config: EncoderConfig): Trainable {
  if (frozen !== 'encoder') refuseSharedLayers(frozen.layers, config);
  const { prefix, optional } = encoderOf(config).names;
  const frozenDepths = frozen === 'encoder' ? Infinity : frozen.layers > 0 ? frozen.layers + 1 : Number(frozen.embeddings);
  // A norm after the last layer belongs to what that layer gives; what is above is the pooler.
  const isBelow = (name: string): boolean =>
    depthOf(config, name) < frozenDepths || (frozenDepths > config.layers && !optional.some((start) => name.startsWith(start)));
  return (name) => (name.startsWith(prefix) && (frozen === 'encoder' || isBelow(name)) ? 'frozen' : 'full');
}

/** How many of the lowest layers can be frozen, from 0 to all: those that share no parameters with layers above, as ALBERT's do. */
export function freezableLayers(config: EncoderConfig): readonly number[] {
  const encoder = encoderOf(config);
  const counts = Array.from({ length: config.layers }, (_, number) => (encoder.lastLayer?.(config, number) ?? number) + 1);
  return [...new Set([0, ...counts])].sort((a, b) => a - b);
}

/**
 * How far above the ground a parameter lies: 0 for embeddings, 1 for the lowest layer, layers + 1 for pooler and head. What several layers
 * share lies where the last of them does.
 */
export function depthOf(config: EncoderConfig, name: string): number {
  const encoder = encoderOf(config);
  const { prefix, layers, top } = encoder.names;
  if (!name.startsWith(prefix) || top.some((start) => name.startsWith(start))) return config.layers + 1;
  if (!name.startsWith(layers)) return 0;
  const number = Number.parseInt(name.slice(layers.length), 10);
  return (encoder.lastLayer?.(config, number) ?? number) + 1;
}

function refuseSharedLayers(frozen: number, config: EncoderConfig): void {
  const possible = freezableLayers(config);
  if (frozen >= config.layers || possible.includes(frozen)) return;
  throw new OrtrainError('config', `the lowest ${frozen} of ${config.layers} layers share parameters with layers above them`, {
    subject: 'model.freeze.layers',
    remedy: `Freeze one of these numbers of layers: ${possible.join(', ')}.`,
  });
}
