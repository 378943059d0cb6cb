import type { EncoderConfig } from '../config/encoder-config.ts';
import { encoderForward } from '../classifier.ts';
import { encoderOf } from '../encoders/index.ts';
import { readFloats, type Safetensors } from '../formats/safetensors.ts';
import { encoderNames } from './tensor-names.ts';

/**
 * What a checkpoint knows of the pooler that the default pooling reads: `none` where the encoder has no pooler. It is `untrained` where a
 * bias is zero to the last number, as it is before training and never after, and `absent` where the file does not hold it.
 */
export type PoolerState = 'none' | 'absent' | 'untrained' | 'trained';

export function poolerState(file: Safetensors, config: EncoderConfig): PoolerState {
  const { names } = encoderOf(config);
  const parameters = encoderForward(config).parameters.map(({ name }) => name);
  const pooler = parameters.filter((name) => names.optional.some((start) => name.startsWith(start)));
  if (pooler.length === 0) return 'none';
  const { inFile } = encoderNames(file, names, parameters);
  if (!pooler.every((name) => inFile.has(name))) return 'absent';
  const biases = pooler.filter((name) => name.endsWith('.bias')).map((name) => readFloats(file, inFile.get(name)!));
  return biases.some((bias) => bias.every((value) => value === 0)) ? 'untrained' : 'trained';
}
