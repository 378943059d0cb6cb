import {
  headStep,
  targetFeeds,
  trainingStep,
  type ClassifierOptions,
  type Frozen,
  type HeadModelOptions,
} from '../../src/engine/models/index.ts';
import type { Feeds, StepProgram } from '../../src/engine/program.ts';

const lossOf = (outputs: number): 'bce' | 'cross-entropy' => (outputs === 1 ? 'bce' : 'cross-entropy');

/** A training step of a classifier: of two classes with one output, of more with an output each. */
export function classifierStep(options: ClassifierOptions & { readonly frozen?: Frozen }): StepProgram {
  return trainingStep({ ...options, loss: lossOf(options.outputs) });
}

export function classifierHeadStep(options: HeadModelOptions): StepProgram {
  return headStep({ ...options, loss: lossOf(options.outputs) });
}

/** Class numbers as the loss wants them: themselves for one output, one-hot rows for more. */
export function classFeeds(labels: ArrayLike<number>, outputs: number): Feeds {
  const targets = new Float32Array(labels.length * outputs);
  for (let b = 0; b < labels.length; b++) {
    if (outputs === 1) targets[b] = labels[b]!;
    else targets[b * outputs + labels[b]!] = 1;
  }
  return targetFeeds(targets, outputs);
}
