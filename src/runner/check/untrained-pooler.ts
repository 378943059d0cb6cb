import type { Experiment } from '../../config/index.ts';
import type { Finding } from '../../data/findings/index.ts';
import { openWeights } from '../../data/hub/index.ts';
import { poolerState, type PoolerState } from '../../engine/models/index.ts';
import { encoderFiles, initialWeights } from '../../training/index.ts';

const finding = { code: 'untrained-pooler', count: 1, examples: [] } as const;

/**
 * Whether the default pooling would read a pooler that never learned anything. Under a frozen encoder it never will, and the head would
 * learn from values that say little; where the encoder is trained, so is the pooler, and another pooling is a recommendation.
 *
 * @param folder the model's directory in Hugging Face layout
 */
export function inspectPooler({ model, seed }: Pick<Experiment, 'model' | 'seed'>, folder: string): readonly Finding[] {
  const state = model.pooling === 'default' && model.weights === 'pretrained' ? poolerIn(folder, model, seed) : 'none';
  if (state === 'none' || state === 'trained') return [];
  const what = state === 'absent' ? `${model.base} has no pooler` : `the pooler of ${model.base} was never trained (its bias is zero)`;
  return [
    model.freeze_encoder
      ? {
          ...finding,
          severity: 'warning',
          message:
            `model.freeze_encoder is true, and ${what}, so the head learns from ` +
            (state === 'absent' ? 'one at random' : 'values that say little'),
          remedy:
            'Set model.pooling: mean, which reads the tokens themselves, or model.freeze_encoder: false, which trains the pooler too.',
        }
      : {
          ...finding,
          severity: 'info',
          message: `${what}; it is trained with the rest, from ${state === 'absent' ? 'random weights' : 'weights that say little'}`,
          remedy: 'Try model.pooling: mean, which reads the tokens themselves and suits such models.',
        },
  ];
}

/** `none` where no weights are there to be looked at. */
export function poolerIn(folder: string, model: Pick<Experiment['model'], 'weights' | 'resize_embeddings'>, seed: number): PoolerState {
  const files = encoderFiles(folder, model);
  if (Object.keys(files).every((name) => name === 'config.json' || !/\.(safetensors|bin)$/.test(name))) return 'none';
  return poolerState(openWeights(folder), initialWeights(files, model, seed).config);
}
