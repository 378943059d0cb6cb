import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { milliseconds, none, type Finding, type Measurement, type Setting } from './measurement.ts';
import type { Load, LoadOrder } from './serving/load-child.ts';
import { here, startOurs, startSides, tsx, writeModels, type Side } from './serving/sides.ts';
import { median } from './turns.ts';
import { trainTexts, type Tweets } from './tweets.ts';

export interface ServeOptions {
  readonly tweets: Tweets;
  /** Of each side in each turn, at 8 clients and more; a single client asks a quarter of them. */
  readonly requests: number;
  readonly turns: number;
  /** An interpreter with FastAPI, uvicorn, Transformers, ONNX Runtime and onnx. */
  readonly servingPython: string | undefined;
}

const goal = 2;
const clientCounts = [1, 8, 64];

/** One side's requests in one turn. */
interface Shot extends Load {
  readonly cpuSeconds: number;
}

/** Requests of one tweet each, by clients that wait for their answers, to servers of the same model; the sides take turns. */
export function measureServing({ threads }: Setting, options: ServeOptions): Measurement {
  return {
    title: `serving MiniLM to 1, 8 and 64 clients, ${threads} threads`,
    columns: ['clients', 'server', 'requests/s', 'ortrain answers', 'p50, ms', 'p95, ms', 'p99, ms', 'processor ms/request', 'failed'],
    findings: findings(threads, options),
  };
}

async function* findings(threads: number, { tweets, requests, turns, servingPython }: ServeOptions): AsyncGenerator<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-bench-'));
  const generator = openGenerator();
  let sides: readonly Side[] = [];
  try {
    sides = await startSides(await writeModels(tweets.model, folder, servingPython), threads, servingPython);
    const bodies = (await trainTexts(tweets)).texts.slice(0, 2000).map((text) => JSON.stringify({ text }));
    for (const { url } of sides) await generator.ask({ url, clients: 8, requests: 64, bodies });
    for (const clients of clientCounts) {
      const shots = new Map<Side, Shot[]>(sides.map((side) => [side, []]));
      for (let turn = 0; turn < turns; turn++) {
        for (const side of sides) {
          const before = side.cpuSeconds();
          const count = clients === 1 ? Math.ceil(requests / 4) : requests;
          const load = await generator.ask({ url: side.url, clients, requests: count, bodies });
          shots.get(side)?.push({ ...load, cpuSeconds: side.cpuSeconds() - before });
        }
      }
      yield* rows(clients, shots);
      if (clients === clientCounts.at(-1)) yield verdict(shots);
    }
    if (servingPython === undefined) yield 'The servers in Python are left out: --serving-python names no interpreter.';
  } finally {
    for (const side of sides) side.stop();
    generator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function* rows(clients: number, shots: ReadonlyMap<Side, readonly Shot[]>): Generator<Finding> {
  const [ours = []] = shots.values();
  for (const [{ name }, own] of shots) {
    const at = (share: number): string => milliseconds(middle(own.map(({ latencies }) => quantile(latencies, share))));
    const cpu = middle(own.map(({ cpuSeconds, latencies }) => (1000 * cpuSeconds) / latencies.length));
    const times = own === ours ? none : `${middle(ratios(ours, own)).toFixed(2)} times as many`;
    const failed = own.reduce((sum, each) => sum + each.failed, 0);
    const perSecond = middle(own.map(speed)).toFixed(0);
    yield [String(clients), name, perSecond, times, at(0.5), at(0.95), at(0.99), milliseconds(cpu), String(failed)];
  }
}

function verdict(shots: ReadonlyMap<Side, readonly Shot[]>): string {
  const [ours = [], ...others] = shots.values();
  const names = [...shots.keys()].map(({ name }) => name).slice(1);
  const speeds = others.map((own, i) => ({ name: names[i], own, perSecond: middle(own.map(speed)) }));
  const [best] = speeds.sort((a, b) => b.perSecond - a.perSecond);
  if (best === undefined) return 'There is nothing to compare with.';
  const faster = middle(ratios(ours, best.own));
  const [p99, theirs] = [ours, best.own].map((own) => middle(own.map(({ latencies }) => quantile(latencies, 0.99)))) as [number, number];
  const reached = faster >= goal && p99 <= theirs ? 'reached' : 'not reached';
  return (
    `At 64 clients ortrain answers ${faster.toFixed(2)} times as many requests as the best of the others (${best.name}), with a p99 of ` +
    `${p99.toFixed(0)} ms beside ${theirs.toFixed(0)} ms. The goal of ${goal} times at no worse p99 is ${reached}.`
  );
}

const speed = ({ latencies, seconds }: Load): number => latencies.length / seconds;

/** Of the same turns, so that a busy time of the machine meets both. */
function ratios(ours: readonly Load[], theirs: readonly Load[]): readonly number[] {
  return ours.map((own, turn) => speed(own) / speed(theirs[turn] ?? own));
}

const middle = (values: readonly number[]): number => median(values.toSorted((a, b) => a - b));
const quantile = (sorted: readonly number[], share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;

/** Memory of the server over many requests. */
export function measureServingMemory({ threads }: Setting, { tweets, requests }: Pick<ServeOptions, 'tweets' | 'requests'>): Measurement {
  return {
    title: `memory of the server over ${requests} requests at 64 clients`,
    columns: ['requests', 'the server, MB', 'processes with the model, MB'],
    findings: memory(threads, tweets, requests),
  };
}

const looks = 10;

async function* memory(threads: number, tweets: Tweets, requests: number): AsyncGenerator<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-bench-'));
  const generator = openGenerator();
  let side: Side | undefined;
  try {
    const { onnx } = await writeModels(tweets.model, folder, undefined);
    side = await startOurs(onnx, threads);
    const bodies = (await trainTexts(tweets)).texts.slice(0, 2000).map((text) => JSON.stringify({ text }));
    for (let look = 0; look <= looks; look++) {
      const [server = 0, ...others] = side.residentMegabytes();
      yield [String(Math.round((look * requests) / looks)), server.toFixed(0), others.map((each) => each.toFixed(0)).join(' + ')];
      if (look < looks) await generator.ask({ url: side.url, clients: 64, requests: Math.ceil(requests / looks), bodies });
    }
  } finally {
    side?.stop();
    generator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Clients {
  ask(order: LoadOrder): Promise<Load>;
  close(): void;
}

/** The clients, in another process. */
function openGenerator(): Clients {
  const child = spawn(process.execPath, tsx(here('load-child.ts')), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error('the process of the clients ended; its message is above');
      const answer = JSON.parse(line.value) as Load | { readonly error: string };
      if ('error' in answer) throw new Error(answer.error);
      return answer;
    },
    close: () => void child.kill(),
  };
}
