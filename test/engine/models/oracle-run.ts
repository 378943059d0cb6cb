import { readFileSync } from 'node:fs';
import { sgd } from '../../../src/engine/optim/index.ts';
import { openTrainer, type Device, type Tensors, type Trainer } from '../../../src/engine/runtime/index.ts';
import type { Feeds, ForwardProgram, ParameterSpec, StepProgram } from '../../../src/engine/program.ts';
import { byteSource, openSafetensors, type ParameterSource, type Safetensors } from '../../../src/engine/models/index.ts';
import { sharedPath } from '../../helpers/shared.ts';
import { oracleAdam, type Moments, type OracleOptimizer } from '../../helpers/tiny-oracle.ts';

export {
  oracleName,
  oracleSource,
  tinyFeeds,
  type Moments,
  type OracleOptimizer,
  type TinyBatch,
  type TinyOracle,
} from '../../helpers/tiny-oracle.ts';

export function sharedTensors(...parts: readonly string[]): Safetensors {
  const path = sharedPath(...parts) as string;
  return openSafetensors(byteSource(path, readFileSync(path)));
}

export function openAdam(
  step: StepProgram,
  forward: ForwardProgram,
  source: ParameterSource,
  optimizer: OracleOptimizer,
): Promise<Trainer> {
  return openTrainer({
    step,
    forward,
    source,
    threads: 1,
    optimizer: oracleAdam(optimizer),
    clipNorm: null,
    seed: 1,
  });
}

/** Gradients by parameter: how far plain gradient descent at rate 1 moves. Rounding costs them half an ulp of the parameter, 1e-7 here. */
export async function sgdGradients(step: StepProgram, source: ParameterSource, feeds: Feeds, device: Device = 'cpu'): Promise<Tensors> {
  const forward: ForwardProgram = { graph: step.graph, parameters: step.parameters, output: step.logits };
  const optimizer = { rule: sgd({ momentum: 0, nesterov: false }) };
  const trainer = await openTrainer({ step, forward, source, threads: 1, device, optimizer, clipNorm: null, seed: 1 });
  const before = await trainer.snapshot();
  await trainer.step(feeds, { lr: 1 });
  const after = await trainer.snapshot();
  await trainer.release();
  return Object.fromEntries(Object.entries(before).map(([name, values]) => [name, values.map((x, i) => x - (after[name]?.[i] ?? NaN))]));
}

/** The loss before each update. */
export async function losses(
  trainer: Trainer,
  batches: readonly Feeds[],
  order: readonly number[],
  lr: number,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (const i of order) found.push((await trainer.step(batches[i] as Feeds, { lr })).loss);
  return found;
}

export function moments(values: Float32Array): Moments {
  let [sum, squares] = [0, 0];
  for (const x of values) {
    sum += x;
    squares += x * x;
  }
  return { sum, l2: Math.sqrt(squares) };
}

/** The largest difference between elements. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  return largest;
}

/** Attention key biases have no gradient in exact arithmetic; what rounding leaves, Adam makes large. */
export function isNoise(spec: Pick<ParameterSpec, 'name'>): boolean {
  return spec.name.endsWith('.key.bias') || spec.name.endsWith('.k_lin.bias');
}
