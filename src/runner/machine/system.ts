import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { findProgram } from '../../core/programs.ts';
import type { Listener } from '../../core/events.ts';
import type { GpuFigures, SystemFigures } from '../../core/measures.ts';

/** As often as MLflow looks by default. A look takes some milliseconds, and epochs take minutes. */
const LOOK_EVERY_MS = 10_000;
/** So that a short piece of work has a sample, too. */
const FIRST_LOOK_MS = 1000;
/** A driver that does not answer within this must not keep the process from ending. */
const GPU_PATIENCE_MS = 5000;

/** Runs a piece of work, and regularly reports how much of the machine this process and its children use. */
export async function watchSystem<T>(
  listen: Listener<SystemFigures>,
  work: () => Promise<T>,
  firstMs = FIRST_LOOK_MS,
  everyMs = LOOK_EVERY_MS,
): Promise<T> {
  const readGpus = gpuReader();
  let isOver = false;
  let before = taken();
  const look = async (): Promise<void> => {
    const gpus = await readGpus();
    if (isOver) return;
    const now = taken();
    const cpuPercent = (100 * Math.max(0, now.cpuSeconds - before.cpuSeconds)) / Math.max(1e-3, now.at - before.at);
    before = now;
    listen({
      cpuPercent: Number(cpuPercent.toFixed(1)),
      memoryBytes: now.memoryBytes,
      freeBytes: freemem(),
      ...(gpus === undefined ? {} : { gpus }),
    });
    timer = setTimeout(look, everyMs).unref();
  };
  let timer = setTimeout(look, firstMs).unref();
  try {
    return await work();
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

interface Taken {
  /** Processor time so far. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** When this was so, in seconds of one clock. */
  readonly at: number;
}

/** Of the process and its descendants on Linux, elsewhere of the process alone. */
function taken(): Taken {
  const at = performance.now() / 1000;
  const tree = process.platform === 'linux' ? processTree() : [];
  if (tree.length === 0) {
    const { user, system } = process.cpuUsage();
    return { cpuSeconds: (user + system) / 1e6, memoryBytes: process.memoryUsage.rss(), at };
  }
  const ticks = tree.reduce((sum, each) => sum + each.ticks, 0);
  return { cpuSeconds: ticks / TICKS_PER_SECOND, memoryBytes: tree.reduce((sum, { pid }) => sum + residentBytes(pid), 0), at };
}

/** Linux counts processor time for programs in hundredths of a second, whatever its own clock. */
const TICKS_PER_SECOND = 100;

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Its own, and that of its children that have ended: so the sum over a tree does not shrink when one of them ends. */
  readonly ticks: number;
}

/** This process and its descendants. */
function processTree(): readonly Process[] {
  const children = new Map<number, Process[]>();
  let root: Process | undefined;
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? readProcess(Number(name)) : undefined;
    if (found === undefined) continue;
    if (found.pid === process.pid) root = found;
    const siblings = children.get(found.parent);
    if (siblings === undefined) children.set(found.parent, [found]);
    else siblings.push(found);
  }
  const tree = root === undefined ? [] : [root];
  for (const { pid } of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** `pid (name) state ppid …`; the name may hold anything. See proc(5). Undefined where it has ended, or is not to be seen. */
function readProcess(pid: number): Process | undefined {
  const stat = readProc(`${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
  const [, parent] = fields;
  if (parent === undefined) return undefined;
  return { pid, parent, ticks: fields.slice(11, 15).reduce((sum, value) => sum + value, 0) };
}

/** Pages that processes share count in each of them. */
function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readProc(`${pid}/status`))?.[1] ?? 0;
  return Number(kilobytes) * 1024;
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

/** Asks nvidia-smi; where it does not answer the first time, it is not asked again. */
function gpuReader(): () => Promise<readonly GpuFigures[] | undefined> {
  const query = ['--query-gpu=utilization.gpu,memory.used,memory.total', '--format=csv,noheader,nounits'];
  const program = findProgram('nvidia-smi');
  let isThere: boolean | undefined;
  return () =>
    new Promise((resolve) => {
      if (isThere === false || program === undefined) return resolve(undefined);
      execFile(program, query, { timeout: GPU_PATIENCE_MS, killSignal: 'SIGKILL', windowsHide: true }, (error, stdout) => {
        isThere ??= error === null;
        resolve(error === null ? stdout.trim().split('\n').map(gpuFigures) : undefined);
      });
    });
}

/** `37, 1234, 81559`: percent, and mebibytes used and in all; `[N/A]` where the driver does not know. */
function gpuFigures(line: string): GpuFigures {
  const [percent = null, used = null, total = null] = line.split(',').map((text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : null));
  const inBytes = (mebibytes: number | null): number | null => (mebibytes === null ? null : mebibytes * 2 ** 20);
  return { percent, usedBytes: inBytes(used), totalBytes: inBytes(total) };
}
