import { headlinesOf } from '../../config/index.ts';
import { bytes, count, duration, metric, printable } from '../render/layout/text.ts';
import { jobSecondsLeft, type RunState, type JobState } from './state.ts';


/** The answer to the first Ctrl-C. */
export const STOPPING = 'stopping after this step; press Ctrl-C again to stop at once';

/** `epoch 3/10 · step 1,234/3,810 · 8.2 steps/s · 5 min 10 s left · loss 0.4012` or `4,000/10,876 texts · 3 s left` */
export function activity(job: JobState, now: number): string {
  const { step, progress } = job;
  const left = jobSecondsLeft(job, now);
  const parts =
    step !== undefined
      ? [`epoch ${step.epoch}/${step.epochs}`, `step ${count(step.step)}/${count(step.steps)}`, `${pace(step.stepsPerSecond)} steps/s`]
      : progress !== undefined
        ? [`${count(progress.done)}/${count(progress.total)} ${progress.unit}`]
        : [];
  if (left !== undefined) parts.push(`${duration(left)} left`);
  if (step !== undefined) parts.push(`loss ${metric(step.loss)}`);
  return parts.join(' · ');
}

/**
 * `val/loss 0.4711  val/f1_macro 0.7810`: what is shown of an epoch while a run goes on; the table at the end has all metrics. The short
 * list fits 80 columns.
 */
export function headlines(metrics: Readonly<Record<string, number | null>>, isShort: boolean): string {
  const own = headlinesOf((name) => `val/${name}` in metrics).map((name) => `val/${name}`);
  return (isShort ? ['val/loss', ...own.slice(-1)] : ['train/loss', 'val/loss', ...own])
    .filter((name) => name in metrics)
    .map((name) => `${name} ${metric(metrics[name])}`)
    .join('  ');
}

/** `downloading model.safetensors: 120 MB of 440 MB` */
export function downloading({ file, done, total }: NonNullable<RunState['download']>): string {
  return `downloading ${printable(file)}: ${bytes(done)}${total > 0 ? ` of ${bytes(total)}` : ''}`;
}

/** Three digits are enough to see a change. */
function pace(stepsPerSecond: number | null): string {
  if (stepsPerSecond === null) return '–';
  return stepsPerSecond >= 100 ? stepsPerSecond.toFixed(0) : stepsPerSecond.toPrecision(2);
}
