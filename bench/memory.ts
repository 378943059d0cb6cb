import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { batchSize, openPytorch, randomBatch, randomBert, type Size, type Subject } from './classifier.ts';
import { none, type Finding, type Measurement, type Setting } from './measurement.ts';
import { peakMegabytes } from './peak-memory.ts';
import { openPython } from './python.ts';

export interface MemoryOptions {
  readonly sizes: readonly Size[];
}

/** What a process is asked to do before its memory is read. */
export interface MemoryTask {
  readonly subject: Subject;
  readonly length: number;
  readonly steps: number;
}

const length = 64;
/** After the second step neither side grows any more. */
const steps = 4;
const goal = 0.75;

/** The most memory that a process needs to train, everything in it counted: one process for each side and size. */
export function measureMemory(setting: Setting, options: MemoryOptions): Measurement {
  return {
    title: 'peak memory of a training process',
    columns: ['model, batch × length', 'ortrain MB', 'PyTorch eager MB', 'ours / theirs', 'goal'],
    findings: findings(setting, options),
  };
}

async function* findings({ threads, python }: Setting, { sizes }: MemoryOptions): AsyncGenerator<Finding> {
  if (!existsSync('/proc/self/status')) return yield 'Left out: peak memory is read from /proc, which this system does not have.';
  for (const size of sizes) {
    const task = { subject: randomBert(size, threads), length, steps };
    const ours = await ourPeak(task);
    const theirs = python === undefined ? undefined : await pytorchPeak(task, python);
    const ratio = theirs === undefined ? none : (ours / theirs).toFixed(2);
    yield [`${size} ${batchSize} × ${length}`, ours.toFixed(0), theirs?.toFixed(0) ?? none, ratio, goal.toString()];
  }
  yield `Resident memory at its highest (VmHWM) after ${steps} steps with Adam.`;
}

async function ourPeak(task: MemoryTask): Promise<number> {
  const child = fork(fileURLToPath(new URL('memory-child.ts', import.meta.url)), [JSON.stringify(task)]);
  const ended = once(child, 'exit');
  const [heard] = (await Promise.race([once(child, 'message'), ended])) as readonly unknown[];
  if (heard !== 'done') throw new Error('our training process ended early; its message is above');
  const peak = peakMegabytes(child.pid ?? 0);
  child.disconnect();
  await ended;
  return peak;
}

async function pytorchPeak({ subject, length: width, steps: count }: MemoryTask, interpreter: string): Promise<number> {
  const python = await openPython(interpreter);
  try {
    const side = await openPytorch(subject, 'eager', python);
    if (typeof side === 'string') throw new Error(side);
    await side.steps(randomBatch(width), count);
    return peakMegabytes(python.pid);
  } finally {
    await python.close();
  }
}
