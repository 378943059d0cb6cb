import type { Device, Trainer } from '../../../src/engine/runtime/index.ts';
import type { Precision } from '../../../src/engine/precision.ts';
import { open } from './open.ts';
import { rounded, type Figures } from './report.ts';
import { subjectOf, type Subject } from './subject.ts';

const STEPS = 12;

/**
 * Losses with dropout and clipping, and logits afterwards, of a device beside those of the CPU in float32, from the same weights and
 * batches.
 */
export async function equality(device: Device, precision: Precision, tolerance: number): Promise<Figures> {
  const shapes = [
    { size: 'tiny', batch: 16, length: 24 },
    { size: 'tiny', batch: 9, length: 40 },
  ] as const;
  const [reference, subjects] = (['float32', precision] as const).map((each) =>
    shapes.map((shape) => subjectOf(shape, each, { clipNorm: 1 })),
  ) as [Subject[], Subject[]];
  const batches = Array.from({ length: STEPS }, (_, i) => ({ ...subjects[i % 2]!.batch(), rates: { lr: 1e-3 } }));
  const train = async (on: Device, of: readonly Subject[]): Promise<readonly [losses: readonly number[], logits: Float32Array]> => {
    const trainer: Trainer = await open(on, of[0]!.options);
    const results = [...(await trainer.steps(batches.slice(0, 3))), ...(await trainer.steps(batches.slice(3)))];
    const logits = await trainer.forward(batches[0]!.feeds);
    await trainer.release();
    return [results.map(({ loss }) => loss), logits];
  };
  const [[expected, expectedLogits], [found, foundLogits]] = [await train('cpu', reference), await train(device, subjects)];
  const losses = largestDifference(found, expected);
  return {
    tolerance,
    losses: rounded(losses),
    logits: rounded(largestDifference(foundLogits, expectedLogits)),
    last: rounded(found.at(-1)!, 7),
    ok: losses <= tolerance,
  };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce((largest, x, i) => (Math.abs(x - b[i]!) <= largest ? largest : Math.abs(x - b[i]!)), 0);
}
