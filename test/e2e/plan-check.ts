import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunResult } from '../../src/runner/index.ts';
import type { ExperimentPlan } from '../../src/runner/plan/index.ts';
import { readJournal } from '../helpers/journal.ts';
import { pipeline } from '../cli/bin.ts';

/**
 * Plans a run by a probe, carries it out, and plans another one of the same kind by what the first took. Prints plan, run and their
 * ratio; fails where one is off by more than a quarter. The machine has to be left alone meanwhile, and the run to last over a minute.
 *
 * Arguments: those of `pipeline run`; without any, the quickstart with enough epochs.
 */
const given = process.argv.slice(2);
const asked = given.length > 0 ? given : ['configs/quickstart.yaml', '--set', 'training.epochs=80'];
const folder = mkdtempSync(join(tmpdir(), 'ortrain-plan-'));
const everywhere = [...asked, '--artifacts', folder, '--json', '--quiet'];

const probed = await planned(['--probe']);
const run = await answer<{ readonly runs: readonly RunResult[] }>(['run', ...everywhere]);
const result = run.runs[0] as RunResult;
const journal = readJournal(join(result.folder, 'journal.jsonl'));
// Of one process at its peak; of folds side by side together, looked at every few seconds.
const peakBytes = Math.max(
  ...journal.map((entry) =>
    entry.type === 'task-finished' ? (entry.usage?.peakBytes ?? 0) : entry.type === 'system' ? entry.memoryBytes : 0,
  ),
);
// Another seed makes everything anew, in as many steps.
const again = await planned(['--set', 'seed=7']);

const ratios = {
  'seconds by a probe': (probed.seconds ?? NaN) / result.seconds,
  'seconds by the run before': (again.seconds ?? NaN) / result.seconds,
  'peak bytes': (probed.peakBytes ?? NaN) / peakBytes,
};
process.stdout.write(`${JSON.stringify({ asked, probed, again, run: { seconds: result.seconds, peakBytes }, ratios }, null, 2)}\n`);
rmSync(folder, { recursive: true, force: true });
const isGood = Object.values(ratios).every((ratio) => Math.abs(ratio - 1) <= 0.25) && result.seconds > 60;
if (!isGood) process.exitCode = 1;

async function planned(flags: readonly string[]): Promise<ExperimentPlan['estimate']> {
  const { plans } = await answer<{ readonly plans: readonly ExperimentPlan[] }>(['plan', ...everywhere, ...flags]);
  return (plans[0] as ExperimentPlan).estimate;
}

async function answer<T>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await pipeline(args);
  if (code !== 0) throw new Error(`pipeline ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}
