import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { findProgram } from '../../core/programs.ts';
import { queueFolder } from '../queue/index.ts';
import { quoted, shellLine, type Engine, type EngineSettings, type LaunchedWorker } from './engine.ts';
import { lastLines } from './local.ts';

export interface SlurmSettings extends EngineSettings {
  readonly partition: string | null;
  readonly time: string | null;
  readonly memory: string | null;
  readonly gres: string | null;
  readonly account: string | null;
  /** Further words for sbatch. */
  readonly options: readonly string[];
  /** Lines of the batch script before the worker's. */
  readonly prologue: readonly string[];
}

/**
 * Workers that are the elements of job arrays of Slurm. Of a job that has ended squeue shows the state for a while (MinJobAge, five minutes
 * as a rule); what it no longer shows has ended. sacct is not asked: many clusters have no accounting.
 */
export function slurmEngine(settings: SlurmSettings): Engine {
  const folder = join(queueFolder(settings.artifacts), 'logs');
  const arrays: { readonly job: string; readonly count: number }[] = [];
  const known = new Map<string, LaunchedWorker>();
  return {
    name: 'Slurm',
    async start(count) {
      mkdirSync(folder, { recursive: true });
      const printed = await slurm('sbatch', sbatchWords(settings, count, folder), batchScript(settings));
      const job = /^\d+/.exec(printed.trim())?.[0];
      if (job === undefined)
        throw new OrtrainError('environment', `sbatch answered ${JSON.stringify(printed.slice(0, 200))}, not a job's number`);
      arrays.push({ job, count });
      for (let i = 0; i < count; i += 1) known.set(`${job}_${i}`, { ...WAITING, id: `${job}_${i}` });
    },
    async poll() {
      const shown = new Map((await shownJobs(arrays.map(({ job }) => job))).map((worker) => [worker.id, worker]));
      for (const [id, before] of known) {
        // An array that waits is one line without numbers.
        const now = shown.get(id) ?? (before.state === 'waiting' ? shown.get(id.replace(/_.*/, '_*')) : undefined);
        const over = before.state === 'ended' ? before : { ...before, state: 'ended' as const, detail: 'no longer in the queue' };
        known.set(id, now === undefined ? over : { ...now, id });
      }
      return [...known.values()];
    },
    lastWords: async (id) => lastLines(join(folder, `slurm-${id}.log`)),
    async stop() {
      const left = [...known.values()].filter(({ state }) => state !== 'ended');
      if (left.length > 0) await slurm('scancel', arrays.map(({ job }) => job)).catch(() => '');
    },
  };
}

const WAITING = { state: 'waiting', where: undefined, detail: undefined, isDone: false } as const;

/** Preempted or on a node that was lost, an element is queued again; 60 s before its time is over it is asked to give its job back. */
function sbatchWords({ title, partition, time, memory, gres, account, options, threads }: SlurmSettings, count: number, logs: string) {
  const given = { partition, time, mem: memory, gres, account };
  return [
    '--parsable',
    `--array=0-${count - 1}`,
    `--job-name=ortrain-${title}`,
    `--output=${join(logs, 'slurm-%A_%a.log')}`,
    '--open-mode=append',
    '--requeue',
    '--signal=B:TERM@60',
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${threads}`,
    ...Object.entries(given).flatMap(([name, value]) => (value === null ? [] : [`--${name}=${value}`])),
    ...options,
  ];
}

/** A signal before the end reaches the shell alone, which passes it on and waits. */
function batchScript(settings: SlurmSettings): string {
  return [
    '#!/bin/bash',
    ...settings.prologue,
    `cd ${quoted(resolve('.'))} || exit 1`,
    `${shellLine(settings)} &`,
    'worker=$!',
    `trap 'kill -TERM "$worker"' TERM`,
    'wait "$worker"; code=$?',
    'while kill -0 "$worker" 2>/dev/null; do wait "$worker"; code=$?; done',
    'exit "$code"',
    '',
  ].join('\n');
}

interface SqueueJob {
  readonly job_id: number;
  readonly array_job_id?: number | Numbered;
  readonly array_task_id?: number | Numbered | null;
  readonly job_state: string | readonly string[];
  readonly nodes?: string;
  readonly state_reason?: string;
  readonly exit_code?: number | { readonly return_code?: Numbered };
}

/** Numbers since Slurm 23.02. */
interface Numbered {
  readonly set: boolean;
  readonly number: number;
}

async function shownJobs(jobs: readonly string[]): Promise<readonly LaunchedWorker[]> {
  if (jobs.length === 0) return [];
  // Of a job that is gone squeue says "Invalid job id", if that is the only one asked for.
  const printed = await slurm('squeue', ['--json', '--states=all', `--jobs=${jobs.join(',')}`]).catch((error: unknown) => {
    if (error instanceof Error && /invalid job id/i.test(error.message)) return '{"jobs":[]}';
    throw error;
  });
  return workersOf(printed, new Set(jobs));
}

/** What `squeue --json` shows of these arrays; an element that still waits with others is `<array>_*`. */
export function workersOf(printed: string, arrays: ReadonlySet<string>): readonly LaunchedWorker[] {
  let found: readonly SqueueJob[];
  try {
    found = (JSON.parse(printed) as { readonly jobs?: readonly SqueueJob[] }).jobs ?? [];
  } catch (cause) {
    throw new OrtrainError('environment', 'squeue --json did not print JSON', { remedy: 'It takes Slurm from version 21.08 on.', cause });
  }
  return found.flatMap((job) => {
    const array = String(numberOf(job.array_job_id) || job.job_id);
    if (!arrays.has(array)) return [];
    const states = typeof job.job_state === 'string' ? [job.job_state] : job.job_state;
    const isOne = (of: readonly string[]): boolean => states.some((word) => of.includes(word));
    const state = isOne(WAITS) ? 'waiting' : isOne(RUNS) ? 'running' : 'ended';
    const task = numberOf(job.array_task_id);
    const code = exitCodeOf(job);
    return [{
      id: `${array}_${task ?? '*'}`,
      state,
      where: job.nodes === '' ? undefined : job.nodes,
      detail: state === 'waiting' ? job.state_reason : `${states.join(' ')}${state === 'ended' && code > 0 ? `, exit code ${code}` : ''}`,
      isDone: states.includes('COMPLETED'),
    }];
  });
}

const WAITS: readonly string[] = ['PENDING', 'REQUEUED', 'REQUEUE_HOLD', 'REQUEUE_FED', 'SPECIAL_EXIT', 'CONFIGURING', 'RESV_DEL_HOLD'];
const RUNS: readonly string[] = ['RUNNING', 'COMPLETING', 'SUSPENDED', 'STOPPED', 'STAGE_OUT', 'SIGNALING', 'RESIZING'];

function numberOf(value: number | Numbered | null | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return value?.set === true ? value.number : undefined;
}

function exitCodeOf({ exit_code: code }: SqueueJob): number {
  return typeof code === 'number' ? code >> 8 : (numberOf(code?.return_code) ?? 0);
}

const PATIENCE_MS = 60_000;

function slurm(name: string, words: readonly string[], input = ''): Promise<string> {
  const program = findProgram(name);
  if (program === undefined)
    throw new OrtrainError('environment', `there is no ${name} on this machine, which launch.engine: slurm takes`, {
      subject: name,
      remedy: 'Start the sweep on a machine from which jobs are submitted, such as the login node.',
    });
  return new Promise((resolve, reject) => {
    const child = execFile(program, words, { timeout: PATIENCE_MS, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.trim().replace(/^(sbatch|squeue|scancel): (error: )?/gm, '');
      const message = said === '' ? error.message.split('\n', 1)[0] : said.split('\n').join('; ');
      reject(new OrtrainError('environment', `${name}: ${message}`, { subject: name, remedy: `Correct what ${name} says.`, cause: error }));
    });
    child.stdin?.on('error', () => {}).end(input);
  });
}
