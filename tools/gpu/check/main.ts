/**
 * What a GPU does with ortrain, in order of value: `check.mjs --out FILE [--seconds 480] [--parts a,b]`. Every part runs in a process of its own with
 * a time limit, because a driver that fails may end the process, and writes its line to FILE as soon as it is done.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { totalmem, tmpdir, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cudaVariables } from '../../../src/engine/runtime/cuda-libraries.ts';
import { probe } from '../../../src/engine/runtime/probe.ts';
import { equality } from './equality.ts';
import { smi } from './gpu.ts';
import { isRehearsal } from './open.ts';
import { oracles } from './oracles.ts';
import { profile } from './profile.ts';
import { report, type Figures } from './report.ts';
import { quickstart, resumed, tweets, type Places } from './runs.ts';
import { stepTime } from './step-time.ts';
import type { Shape } from './subject.ts';

interface Part {
  readonly name: string;
  /** Seconds after which it is ended. */
  readonly limit: number;
  readonly env?: NodeJS.ProcessEnv;
  run(): Promise<Figures>;
}

const here = dirname(fileURLToPath(import.meta.url));

const { values: given } = parseArgs({
  options: {
    out: { type: 'string', default: 'gpu-check.jsonl' },
    seconds: { type: 'string', default: '480' },
    parts: { type: 'string' },
    part: { type: 'string' },
    list: { type: 'boolean', default: false },
    work: { type: 'string' },
    home: { type: 'string', default: join(here, 'node_modules/ortrain') },
    data: { type: 'string', default: join(here, 'data') },
  },
});

const work = given.work ?? mkdtempSync(join(tmpdir(), 'gpu-check-'));
const places: Places = { pipeline: join(given.home, 'bin/pipeline.js'), home: given.home, data: given.data, work };

const [exact, tf32] = [{ NVIDIA_TF32_OVERRIDE: '0' }, {}];
const FLOAT32 = 1e-4;
const TF32 = 5e-3;
const base: readonly Shape[] = isRehearsal ? [{ size: 'tiny', batch: 8, length: 16 }] : [{ size: 'base', batch: 32, length: 64 }, { size: 'base', batch: 64, length: 128 }, { size: 'base', batch: 32, length: 128 }];
const shapes: readonly Shape[] = isRehearsal ? base : [base[0]!, { size: 'minilm', batch: 32, length: 64 }, ...base.slice(1)];
const named = ({ size, batch, length }: Shape): string => `${size} ${batch}x${length}`;
const reference = join(given.data, 'oracles/tiny');

const parts: readonly Part[] = [
  { name: 'machine', limit: 60, run: machine },
  { name: 'probe cuda', limit: 60, run: async () => ({ ...(await probe('cuda', { timed: true })) }) },
  { name: 'probe webgpu', limit: 60, run: async () => ({ ...(await probe('webgpu', { timed: true })) }) },
  { name: 'equal to the cpu, cuda float32', limit: 60, env: exact, run: () => equality('cuda', FLOAT32) },
  { name: 'equal to pytorch, cuda float32', limit: 60, env: exact, run: () => oracles('cuda', reference, FLOAT32) },
  { name: 'equal to pytorch, cuda tf32', limit: 60, env: tf32, run: () => oracles('cuda', reference, TF32) },
  { name: `step cuda tf32 ${named(shapes[0]!)}`, limit: 90, env: tf32, run: () => stepTime('cuda', shapes[0]!) },
  { name: `step pytorch tf32 ${named(shapes[0]!)}`, limit: 90, run: () => pytorch(shapes[0]!, 'tf32') },
  { name: `step pytorch bfloat16 ${named(shapes[0]!)}`, limit: 90, run: () => pytorch(shapes[0]!, 'bfloat16') },
  { name: `profile, launches waited for, ${named(shapes[0]!)}`, limit: 90, env: { CUDA_LAUNCH_BLOCKING: '1' }, run: () => profile(shapes[0]!, join(work, 'blocking')) },
  { name: `profile ${named(shapes[0]!)}`, limit: 90, env: tf32, run: () => profile(shapes[0]!, join(work, 'profile')) },
  { name: 'equal to the cpu, webgpu', limit: 90, run: () => equality('webgpu', FLOAT32) },
  { name: 'quickstart', limit: 120, run: () => quickstart(places) },
  { name: 'tweets, minilm', limit: 150, run: () => tweets(places, 'minilm') },
  { name: 'tweets, base', limit: 200, run: () => tweets(places, 'base') },
  ...shapes.slice(1).flatMap((shape): Part[] => [
    { name: `step cuda tf32 ${named(shape)}`, limit: 90, env: tf32, run: () => stepTime('cuda', shape) },
    { name: `step pytorch tf32 ${named(shape)}`, limit: 90, run: () => pytorch(shape, 'tf32') },
    { name: `step pytorch bfloat16 ${named(shape)}`, limit: 90, run: () => pytorch(shape, 'bfloat16') },
  ]),
  { name: `step cuda float32 ${named(shapes[0]!)}`, limit: 90, env: exact, run: () => stepTime('cuda', shapes[0]!) },
  { name: `step pytorch float32 ${named(shapes[0]!)}`, limit: 90, run: () => pytorch(shapes[0]!, 'float32') },
  { name: `step webgpu ${named(shapes[0]!)}`, limit: 90, run: () => stepTime('webgpu', shapes[0]!) },
  { name: 'resume after kill', limit: 120, run: () => resumed(places) },
  { name: `step pytorch bfloat16-compile ${named(shapes[0]!)}`, limit: 150, run: () => pytorch(shapes[0]!, 'bfloat16-compile') },
];

async function machine(): Promise<Figures> {
  const torch = await said('python3', ['-c', 'import torch, transformers; print(torch.__version__, torch.version.cuda, transformers.__version__)']);
  return {
    gpu: smi('name'),
    driver: smi('driver_version'),
    memory_mb: smi('memory.total'),
    used_mb: smi('memory.used'),
    torch: torch.trim().split('\n').at(-1),
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    host_memory_mb: Math.round(totalmem() / 2 ** 20),
    vulkan: (await said('sh', ['-c', 'ldconfig -p | grep libvulkan; ls /usr/share/vulkan/icd.d /etc/vulkan/icd.d /usr/local/nvidia/share/vulkan/icd.d 2>/dev/null'])).trim(),
  };
}

function said(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => void execFile(program, args, { timeout: 60_000 }, (error, stdout, stderr) => resolve(error === null ? stdout : `${stderr}${error.message}`)));
}

async function pytorch({ size, batch, length }: Shape, way: string): Promise<Figures> {
  const text = await said('python3', [join(here, 'pytorch.py'), size, String(batch), String(length), way]);
  return JSON.parse(text.trim().split('\n').at(-1)!) as Figures;
}

/** Runs a part in a process of its own; answers with what it wrote, or with why it ended. */
function inProcess({ name, limit, env }: Part, left: number): Promise<Figures> {
  const seconds = Math.min(limit, left);
  const args = [fileURLToPath(import.meta.url), '--part', name, '--work', work, '--home', given.home, '--data', given.data];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, ...cudaVariables(process.env), ...env }, timeout: seconds * 1000, killSignal: 'SIGKILL', maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const answer = stdout.split('\n').find((line) => line.startsWith(ANSWER));
      if (answer !== undefined) resolve(JSON.parse(answer.slice(ANSWER.length)) as Figures);
      else resolve({ ok: false, error: error?.killed === true ? `no answer in ${Math.round(seconds)} s` : `${error?.message.split('\n')[0]} ${stderr.slice(-1500)}` });
    });
  });
}

const ANSWER = '\u0001answer ';

async function all(): Promise<void> {
  const end = Date.now() + 1000 * Number(given.seconds);
  const asked = given.parts?.split(',').map((part) => part.trim());
  mkdirSync(dirname(given.out), { recursive: true });
  for (const part of parts) {
    if (asked !== undefined && !asked.some((name) => part.name.includes(name))) continue;
    const left = (end - Date.now()) / 1000;
    if (left < 5) return console.log(`time is up before: ${part.name}`);
    const began = Date.now();
    const { ok = true, ...figures } = await inProcess(part, left);
    report(given.out, { part: part.name, ok: ok !== false && figures['works'] !== false, seconds: (Date.now() - began) / 1000, figures });
  }
}

if (given.list) console.log(parts.map(({ name }) => name).join('\n'));
else if (given.part === undefined) await all();
else {
  const figures = await parts.find(({ name }) => name === given.part)!.run().catch((error: Error) => ({ ok: false, error: `${error.stack}`.slice(0, 2000) }));
  process.stdout.write(`\n${ANSWER}${JSON.stringify(figures)}\n`, () => process.exit());
}
