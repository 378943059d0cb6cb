import type { Experiment } from '../../config/index.ts';
import type { Finding } from '../../data/findings/index.ts';
import { openWeights, weightFiles } from '../../data/hub/index.ts';
import { encoderForward, readFloats } from '../../engine/models/index.ts';
import { encoderFiles, initialWeights } from '../../training/index.ts';

const finding = {
  severity: 'warning',
  code: 'untrained-pooler',
  count: 1,
  examples: [],
  remedy:
    'Set model.freeze_encoder: false, which trains the pooler too. To stay with frozen features, give the head hidden layers ' +
      '(model.head.dense) and a training.optimizer.lr of 0.001 or more.',
} as const;

/**
 * Whether a head on a frozen encoder would learn from a pooler that never learned anything: one that the checkpoint lacks, or whose bias is
 * zero to the last number, as it is before training and never after.
 *
 * @param folder the model's directory in Hugging Face layout
 */
export function inspectPooler({ model, seed }: Pick<Experiment, 'model' | 'seed'>, folder: string): readonly Finding[] {
  const files = encoderFiles(folder, model);
  if (!model.freeze_encoder || model.weights !== 'pretrained' || weightFiles(folder).some((name) => files[name] === undefined))
    return [];
  const { config } = initialWeights(files, model, seed);
  const pooler = encoderForward(config).parameters.find(({ name }) => name.endsWith(BIAS));
  if (pooler === undefined) return [];
  const file = openWeights(folder);
  const stored = [...file.entries.keys()].find((name) => name.endsWith(BIAS));
  if (stored === undefined)
    return [
      { ...finding, message: `model.freeze_encoder is true, and ${model.base} has no pooler, so the head learns from one at random` },
    ];
  if (readFloats(file, stored).some((value) => value !== 0)) return [];
  return [
    {
      ...finding,
      message:
        `model.freeze_encoder is true, and the pooler of ${model.base} was never trained (its bias is zero), so the head ` +
        'learns from values that say little',
    },
  ];
}

const BIAS = 'pooler.dense.bias';
