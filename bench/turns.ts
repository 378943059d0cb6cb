import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** One side of a comparison, alive and warm. */
export interface Runner {
  readonly name: string;
  /** Does so many steps and returns the milliseconds of each. */
  steps(count: number): Promise<readonly number[]>;
}

export interface Times {
  readonly name: string;
  /** Milliseconds a step. */
  readonly median: number;
  readonly minimum: number;
  readonly steps: number;
  /** Shots that other processes left alone, of all. */
  readonly quietShots: number;
  readonly shots: number;
  /** Fewer than three shots were quiet, and the times are those of the three least disturbed. */
  readonly disturbed: boolean;
}

interface Shot {
  readonly milliseconds: readonly number[];
  /** Cores that other processes used meanwhile, on average. */
  readonly disturbance: number;
}

const warmUpSteps = 3;
/** Long enough for /proc/stat, which counts in hundredths of a second. */
const shotMilliseconds = 400;
const quietCores = 0.15;
const fewestShots = 3;
const longestWait = 5_000;

/**
 * Lets the runners take turns, a shot of several steps each, so that a slow or a busy time of the machine meets all of
 * them. Before a shot it waits for the machine to rest, and shots that other processes disturbed are left out (Linux only).
 * `pids` are processes of the runners' own, besides this one.
 */
export async function takeTurns(runners: readonly Runner[], shots: number, pids: readonly number[]): Promise<readonly Times[]> {
  const counts = new Map<Runner, number>();
  for (const runner of runners) {
    const warm = await runner.steps(warmUpSteps);
    counts.set(runner, Math.max(1, Math.round(shotMilliseconds / Math.min(...warm))));
  }
  const taken = new Map<Runner, Shot[]>(runners.map((runner) => [runner, []]));
  for (let i = 0; i < shots; i++) {
    for (const runner of runners) {
      await untilQuiet();
      const others = watchOthers(pids);
      const milliseconds = await runner.steps(counts.get(runner) ?? 1);
      taken.get(runner)?.push({ milliseconds, disturbance: others() });
    }
  }
  return runners.map((runner) => timesOf(runner.name, taken.get(runner) ?? []));
}

function timesOf(name: string, shots: readonly Shot[]): Times {
  const quiet = shots.filter(({ disturbance }) => disturbance <= quietCores);
  const calmest = [...shots].sort((a, b) => a.disturbance - b.disturbance).slice(0, fewestShots);
  const disturbed = quiet.length < fewestShots;
  const steps = (disturbed ? calmest : quiet).flatMap(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return {
    name,
    median: median(steps),
    minimum: steps[0] ?? NaN,
    steps: steps.length,
    quietShots: quiet.length,
    shots: shots.length,
    disturbed,
  };
}

export function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** Waits until threads that spin after their work, and neighbours, leave the machine alone; but not for ever. */
async function untilQuiet(): Promise<void> {
  const giveUp = performance.now() + longestWait;
  while (performance.now() < giveUp) {
    const before = busySeconds();
    await sleep(100);
    if (busySeconds() - before <= quietCores * 0.1) return;
  }
}

/** Answers, when it is called, with the cores that processes besides this one and `pids` have used since, on average. */
export function watchOthers(pids: readonly number[]): () => number {
  const [before, start] = [othersSeconds(pids), performance.now()];
  return () => (othersSeconds(pids) - before) / ((performance.now() - start) / 1000);
}

/** Processor seconds of everything but this process and `pids`, since some fixed time. 0 where /proc is missing. */
function othersSeconds(pids: readonly number[]): number {
  const { user, system } = process.cpuUsage();
  return busySeconds() - (user + system) / 1e6 - pids.reduce((sum, pid) => sum + processSeconds(pid), 0);
}

/** user + nice + system + irq + softirq + steal of /proc/stat's first line. */
function busySeconds(): number {
  const ticks = procFields('/proc/stat', /^cpu +(.*)$/m);
  return [0, 1, 2, 5, 6, 7].reduce((sum, field) => sum + (ticks[field] ?? 0), 0) / ticksPerSecond;
}

/** utime + stime of /proc/<pid>/stat, which come eleven fields after the command's closing parenthesis and the state. */
function processSeconds(pid: number): number {
  const [utime = 0, stime = 0] = procFields(`/proc/${pid}/stat`, /\) . (?:\S+ ){10}(.*)$/m);
  return (utime + stime) / ticksPerSecond;
}

function procFields(path: string, line: RegExp): readonly number[] {
  if (process.platform !== 'linux') return [];
  return (line.exec(readFileSync(path, 'utf8'))?.[1] ?? '').split(' ').map(Number);
}

const ticksPerSecond = 100;
