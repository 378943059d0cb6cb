import type { InferenceSession } from 'onnxruntime-node';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadRuntime } from '../../../src/engine/runtime/session.ts';

import type { Precision } from '../../../src/engine/precision.ts';
import { open } from './open.ts';
import { rounded, type Figures } from './report.ts';
import { subjectOf, type Shape } from './subject.ts';

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

const STEPS = 4;

/**
 * Where the time of a step goes, by operator: milliseconds and launches a step, as the runtime's profiler has them. With
 * CUDA_LAUNCH_BLOCKING=1 in the environment a node's time is its kernel's, and about 10 µs more; without it is the launch's.
 */
export async function profile(shape: Shape, precision: Precision, prefix: string): Promise<Figures> {
  mkdirSync(dirname(prefix), { recursive: true });
  const { InferenceSession: sessions } = await loadRuntime();
  const create = sessions.create.bind(sessions) as (
    model: Uint8Array,
    options: InferenceSession.SessionOptions,
  ) => Promise<InferenceSession>;
  const opened: InferenceSession[] = [];
  Object.assign(sessions, {
    async create(model: Uint8Array, options: InferenceSession.SessionOptions) {
      opened.push(await create(model, { ...options, enableProfiling: true, profileFilePrefix: prefix }));
      return opened.at(-1);
    },
  });
  const { options, batch } = subjectOf(shape, precision);
  const trainer = await open('cuda', options);
  const batches = Array.from({ length: STEPS }, batch);
  await trainer.steps(batches);
  await trainer.steps(batches);
  opened[0]!.endProfiling();
  await trainer.release();
  const file = readdirSync(dirname(prefix)).find((name) => name.startsWith(basename(prefix)))!;
  return summary(JSON.parse(readFileSync(join(dirname(prefix), file), 'utf8')) as readonly ProfileEvent[]);
}

function summary(events: readonly ProfileEvent[]): Figures {
  const runs = events.filter(({ name }) => name === 'model_run').toSorted((a, b) => a.ts - b.ts);
  const last = runs.at(-1)!;
  const nodes = events.filter(
    ({ cat, name, ts }) => cat === 'Node' && name.endsWith('_kernel_time') && ts >= last.ts && ts <= last.ts + last.dur,
  );
  const byOperator = new Map<string, { ms: number; count: number }>();
  for (const { dur, args } of nodes) {
    const key = `${args?.op_name} on ${args?.provider?.replace('ExecutionProvider', '')}`;
    const entry = byOperator.get(key) ?? { ms: 0, count: 0 };
    byOperator.set(key, { ms: entry.ms + dur / 1000 / STEPS, count: entry.count + 1 / STEPS });
  }
  const rows = [...byOperator].toSorted(([, a], [, b]) => b.ms - a.ms).map(([name, { ms, count }]) => [name, rounded(ms), rounded(count)]);
  return { run_ms_a_step: rounded(last.dur / 1000 / STEPS), operators: rows };
}
