import type { Device } from '../../../src/engine/runtime/index.ts';
import { gpuMemoryMb } from './gpu.ts';
import type { Precision } from '../../../src/engine/precision.ts';
import { isRehearsal, open } from './open.ts';
import { rounded, type Figures } from './report.ts';
import { subjectOf, type Shape } from './subject.ts';

/** So many that what runs differ by besides their steps is small beside them; WebGPU's steps are calls of their own. */
const counts = (device: Device): readonly [few: number, many: number] => (isRehearsal ? [2, 6] : device === 'webgpu' ? [3, 15] : [10, 90]);

/** Milliseconds of a step, and of what a run costs besides its steps: from runs of a few and of many steps, the best of two each. */
export async function stepTime(device: Device, shape: Shape, precision: Precision): Promise<Figures> {
  const began = performance.now();
  const [few, many] = counts(device);
  const { options, batch } = subjectOf(shape, precision);
  const trainer = await open(device, options);
  const some = Array.from({ length: 10 }, batch);
  const batches = Array.from({ length: many }, (_, i) => some[i % some.length]!);
  const timed = async (count: number): Promise<number> => {
    const start = performance.now();
    const results = await trainer.steps(batches.slice(0, count));
    if (!results.every(({ loss }) => Number.isFinite(loss))) throw new Error('a loss is not finite');
    return performance.now() - start;
  };
  const opened = performance.now() - began;
  await timed(2);
  const ready = performance.now() - began;
  const ofFew = Math.min(await timed(few), await timed(few));
  const ofMany = Math.min(await timed(many), await timed(many));
  const step = (ofMany - ofFew) / (many - few);
  const perRun = trainer.stepsPerRun();
  const overhead = Math.max(0, ofFew - few * step);
  const figures = {
    step_ms: rounded(step),
    run_overhead_ms: rounded(overhead),
    steps_per_run: perRun,
    overhead_share: rounded(overhead / (overhead + perRun * step), 2),
    opened_ms: rounded(opened),
    ready_ms: rounded(ready),
    gpu_memory_mb: gpuMemoryMb(),
    host_memory_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  await trainer.release();
  return figures;
}
