/**
 * What a GPU does with ortrain, in order of value: `check.mjs --out FILE [--seconds 480] [--parts a,b]`. Every part runs in a process of
 * its own with a time limit, because a driver that fails may end the process, and writes its line to FILE as soon as it is done. Exits
 * with 1 where a part failed.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { totalmem, tmpdir, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cudaVariables } from '../../../src/engine/runtime/cuda/libraries.ts';
import { probe } from '../../../src/engine/runtime/probe.ts';
import type { Precision } from '../../../src/engine/precision.ts';
import { encoders, equality } from './equality.ts';
import { smi } from './gpu.ts';
import { isRehearsal } from './open.ts';
import { oracles } from './oracles.ts';
import { profile } from './profile.ts';
import { report, type Figures } from './report.ts';
import { predictions, quickstart, resumed, tweets, type Places } from './runs.ts';
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

const exact = { NVIDIA_TF32_OVERRIDE: '0' };
/** The largest difference of a loss from float32's: of rounding, and of factors with 10, 10 and 7 bits. */
const tolerance: Readonly<Record<Precision, number>> = { float32: 1e-4, tf32: 5e-3, float16: 5e-3, bfloat16: 4e-2 };
const [first, ...others]: readonly Shape[] = isRehearsal
  ? [{ size: 'tiny', batch: 8, length: 16 }]
  : [
      { size: 'base', batch: 32, length: 64 },
      { size: 'minilm', batch: 32, length: 64 },
      { size: 'base', batch: 64, length: 128 },
      { size: 'base', batch: 32, length: 128 },
      { size: 'deberta-v3-base', batch: 32, length: 64 },
      { size: 'modernbert-base', batch: 32, length: 64 },
    ];
const shape = first!;
const named = ({ size, batch, length }: Shape): string => `${size} ${batch}x${length}`;
const reference = join(given.data, 'oracles/tiny');

const environment = (precision: Precision): NodeJS.ProcessEnv => (precision === 'tf32' ? {} : exact);
const step = (precision: Precision, of: Shape): Part => ({
  name: `step cuda ${precision} ${named(of)}`,
  limit: 60,
  env: environment(precision),
  run: () => stepTime('cuda', of, precision),
});
const equal = (precision: Precision): Part => ({
  name: `equal to the cpu on cuda ${precision}`,
  limit: 60,
  env: environment(precision),
  run: () => equality('cuda', precision, tolerance[precision]),
});

const parts: readonly Part[] = [
  { name: 'machine', limit: 60, run: machine },
  { name: 'probe cuda', limit: 60, run: async () => ({ ...(await probe('cuda', { timed: true })) }) },
  { name: 'probe webgpu', limit: 60, run: async () => ({ ...(await probe('webgpu', { timed: true })) }) },
  equal('float32'),
  { name: 'equal to pytorch on cuda float32', limit: 60, env: exact, run: () => oracles('cuda', reference, tolerance.float32) },
  { name: 'equal to pytorch on cuda tf32', limit: 60, run: () => oracles('cuda', reference, tolerance.tf32) },
  { name: 'encoders equal to the cpu on cuda', limit: 90, env: exact, run: () => encoders('cuda', tolerance.float32) },
  ...(['bfloat16', 'float16'] as const).map(equal),
  ...(['tf32', 'bfloat16'] as const).map((precision) => step(precision, shape)),
  {
    name: 'steps pytorch',
    limit: 120,
    run: () => pytorch([shape, ...others].flatMap((of) => ['tf32', 'bfloat16'].map((way) => [of, way] as const))),
  },
  {
    name: `profile with launches waited for ${named(shape)}`,
    limit: 60,
    env: { CUDA_LAUNCH_BLOCKING: '1' },
    run: () => profile(shape, 'bfloat16', join(work, 'blocking')),
  },
  { name: 'quickstart', limit: 120, run: () => quickstart(places) },
  { name: 'predictions', limit: 60, run: () => predictions(places) },
  { name: 'tweets with base in bfloat16', limit: 150, run: () => tweets(places, 'base', ['--set', 'training.precision=bfloat16']) },
  { name: 'tweets with minilm', limit: 150, run: () => tweets(places, 'minilm') },
  { name: 'equal to the cpu on webgpu', limit: 90, run: () => equality('webgpu', 'float32', tolerance.float32) },
  { name: `step webgpu float32 ${named(shape)}`, limit: 90, run: () => stepTime('webgpu', shape, 'float32') },
  ...others.flatMap((of) => [step('tf32', of), step('bfloat16', of)]),
  step('float16', shape),
  step('float32', shape),
  { name: 'resume after kill', limit: 120, run: () => resumed(places) },
  { name: `profile ${named(shape)}`, limit: 60, run: () => profile(shape, 'bfloat16', join(work, 'profile')) },
  { name: 'compiled steps pytorch', limit: 150, run: () => pytorch([[shape, 'tf32-compile'], [shape, 'bfloat16-compile']]) },
];

async function machine(): Promise<Figures> {
  const torch = await said('python3', [
    '-c',
    "from importlib.metadata import version; print(*(version(name) for name in ('torch', 'transformers')))",
  ]);
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
    vulkan: (await said('sh', ['-c', VULKAN])).trim(),
  };
}

/** Where Vulkan's loader looks, and the libraries that NVIDIA's driver for it lacks. */
const VULKAN =
  'ldconfig -p | grep libvulkan; ls -d /usr/share/vulkan/icd.d/* /etc/vulkan/icd.d/* /usr/local/nvidia/share/vulkan/icd.d/* /dev/nvidia* /dev/dri 2> /dev/null; ldd $(ldconfig -p | sed -n "s/.*libGLX_nvidia.so.0.*=> //p" | head -1) 2>&1 | grep "not found"; true';

function said(program: string, args: readonly string[]): Promise<string> {
  return new Promise(
    (resolve) =>
      void execFile(program, args, { timeout: 150_000 }, (error, stdout, stderr) =>
        resolve(error === null ? stdout : `${stderr}${error.message}`),
      ),
  );
}

async function pytorch(asked: readonly (readonly [Shape, way: string])[]): Promise<Figures> {
  const text = await said('python3', [
    join(here, 'pytorch.py'),
    ...asked.map(([{ size, batch, length }, way]) => [size, batch, length, way].join(':')),
  ]);
  const answer = text.split('\n').find((line) => line.startsWith('{'));
  return answer === undefined ? { skipped: text.trim().split('\n').at(-2) ?? '' } : (JSON.parse(answer) as Figures);
}

/** Runs a part in a process of its own; answers with what it wrote, or with why it ended. */
function inProcess({ name, limit, env }: Part, left: number): Promise<Figures> {
  const seconds = Math.min(isRehearsal ? 3 * limit : limit, left); // a CPU takes longer, beside other work above all
  const args = [fileURLToPath(import.meta.url), '--part', name, '--work', work, '--home', given.home, '--data', given.data];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      {
        env: { ...process.env, ...cudaVariables(process.env), ...env },
        timeout: Math.round(1000 * seconds),
        killSignal: 'SIGKILL',
        maxBuffer: 1 << 26,
      },
      (error, stdout, stderr) => {
        const answer = stdout.split('\n').find((line) => line.startsWith(ANSWER));
        if (answer !== undefined) resolve(JSON.parse(answer.slice(ANSWER.length)) as Figures);
        else
          resolve({
            ok: false,
            error:
              error?.killed === true ? `no answer in ${Math.round(seconds)} s` : `${error?.message.split('\n')[0]} ${stderr.slice(-1500)}`,
          });
      },
    );
  });
}

const ANSWER = '\u0001answer ';

/** Answers with the names of the parts that failed. */
async function all(): Promise<readonly string[]> {
  const failed: string[] = [];
  const end = Date.now() + 1000 * Number(given.seconds);
  const asked = given.parts?.split(',').map((part) => part.trim());
  mkdirSync(dirname(given.out), { recursive: true });
  for (const part of parts) {
    if (asked !== undefined && !asked.some((name) => part.name.includes(name))) continue;
    const left = (end - Date.now()) / 1000;
    if (left < 5) {
      console.log(`time is up before: ${part.name}`);
      break;
    }
    const began = Date.now();
    const { ok = true, ...figures } = await inProcess(part, left);
    const line = { part: part.name, ok: ok !== false && figures['works'] !== false, seconds: (Date.now() - began) / 1000, figures };
    report(given.out, line);
    if (!line.ok) failed.push(part.name);
  }
  return failed;
}

if (given.list) console.log(parts.map(({ name }) => name).join('\n'));
else if (given.part === undefined) process.exitCode = (await all()).length > 0 ? 1 : 0;
else {
  const figures = await parts
    .find(({ name }) => name === given.part)!
    .run()
    .catch((error: Error) => ({ ok: false, error: `${error.stack}`.slice(0, 2000) }));
  process.stdout.write(`\n${ANSWER}${JSON.stringify(figures)}\n`, () => process.exit());
}
