import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { graphBuilder, type Provider } from '../graph/index.ts';
import { cudaVariables, lookForCuda } from './cuda/libraries.ts';
import { explainCuda, missingLibrary, type DeviceProblem } from './cuda/problems.ts';
import { runtimeFolder } from './installed.ts';

/** What came of trying a device. */
export type Probe =
  | {
      readonly works: true;
      /** The GPU's name; null for the CPU, and where nobody tells it. */
      readonly adapter: string | null;
      /** Of eight products of square matrices, the best of three runs. */
      readonly seconds: number;
    }
  | ({ readonly works: false } & DeviceProblem);

/** Large enough to tell a GPU from software that plays one; small enough for the first answer of the slowest. */
const [TIMED, TRIED] = [512, 8];

/** Long enough for a driver that compiles its first kernels on a busy machine. */
const PATIENCE_MS = 60_000;

/**
 * Computes on the device in a process of its own, because a driver that fails may end the process or never answer, and because
 * WebGPU can be opened once in a process alone.
 *
 * @param timed with products that are large enough to compare devices by `seconds`
 */
export async function probe(
  device: Provider,
  { timed = false, env = process.env }: { readonly timed?: boolean; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Probe> {
  const look = device === 'cuda' ? lookForCuda(env) : undefined;
  if (look?.missingFiles.length) return { works: false, ...explainCuda('', look) };
  const { answer, log } = await compute(device, timed ? TIMED : TRIED, { ...env, ...variables(device, env) });
  if ('error' in answer)
    return {
      works: false,
      ...(look === undefined ? explain(device, `${log}\n${answer.error}`) : explainCuda(`${log}\n${answer.error}`, look)),
    };
  if (!(Math.abs(answer.sum - answer.expected) <= 1e-3 * answer.expected))
    return { works: false, reason: `it computes wrongly: ${answer.sum} in place of ${answer.expected}`, remedy: BROKEN };
  return { works: true, adapter: look?.gpu ?? adapterIn(log), seconds: answer.seconds };
}

/** Vulkan's loader names the adapter where it is asked to; onnxruntime and Dawn do not, not even in their most verbose logs. */
function variables(device: Provider, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (device === 'webgpu') return { VK_LOADER_DEBUG: [env['VK_LOADER_DEBUG'], 'driver', 'error'].filter(Boolean).join(',') };
  return device === 'cuda' ? cudaVariables(env) : {};
}

function adapterIn(log: string): string | null {
  return /Using "([^"]+)" with driver/.exec(log)?.[1] ?? null;
}

type Answer = { readonly error: string } | { readonly sum: number; readonly expected: number; readonly seconds: number };

async function compute(device: Provider, size: number, env: NodeJS.ProcessEnv): Promise<{ readonly answer: Answer; readonly log: string }> {
  const { toOnnx } = await import('../graph/onnx/to-onnx.ts');
  const job = { runtime: runtimeFolder(), device, size, model: Buffer.from(toOnnx(products(size))).toString('base64') };
  const child = spawn(process.execPath, ['-e', CHILD], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const log: Buffer[] = [];
  child.stderr?.on('data', (text: Buffer) => log.push(text));
  // All that it printed is there when its streams are closed.
  const closed = once(child, 'close').catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const answer = await new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve({ error: `it gave no answer within ${PATIENCE_MS / 1000} s` }), PATIENCE_MS);
    child.once('message', (message) => resolve(message as Answer));
    child.once('error', ({ message }) => resolve({ error: message }));
    child.once('exit', (code, signal) => resolve({ error: `it ended the process with ${signal ?? `code ${code}`}` }));
    child.send(job, (error) => error !== null && resolve({ error: error.message }));
  });
  clearTimeout(timer);
  child.kill('SIGKILL');
  await closed;
  return { answer, log: Buffer.concat(log).toString('utf8') };
}

/** x⁹ of x [n, n]; the sum of its elements is n where each element of x is 1 / n. */
function products(size: number) {
  const g = graphBuilder('probe');
  const x = g.input('x', 'float32', [size, size]);
  const power = Array.from({ length: 8 }).reduce<typeof x>((y) => g.MatMul(y, x), x);
  g.output('sum', g.ReduceSum(power, { keepdims: 0 }));
  return g.build();
}

/** JavaScript as it is, so that it runs from a checkout and from the built package alike. */
const CHILD = `
process.once('message', async ({ runtime, device, size, model }) => {
  try {
    const { InferenceSession, Tensor } = require(runtime);
    const session = await InferenceSession.create(Buffer.from(model, 'base64'), {
      executionProviders: [device], logSeverityLevel: 3, extra: { session: { disable_cpu_ep_fallback: device === 'cpu' ? '0' : '1' } },
    });
    const x = new Tensor('float32', new Float32Array(size * size).fill(1 / size), [size, size]);
    let [seconds, sum] = [Infinity, NaN];
    for (let i = 0; i < 4; i += 1) {
      const began = performance.now();
      sum = (await session.run({ x })).sum.data[0];
      if (i > 0) seconds = Math.min(seconds, (performance.now() - began) / 1000);
    }
    process.send({ sum, expected: size, seconds });
  } catch (error) {
    process.send({ error: error.message });
  }
});`;

const BROKEN = 'Install the packages again on this machine (npm ci), or another version of the driver.';

/** Why the CPU or WebGPU does not work, from what the runtime and its libraries have said. */
function explain(device: Provider, said: string): DeviceProblem {
  const library = missingLibrary(said);
  if (device === 'webgpu' && (/Couldn't load Vulkan/.test(said) || library?.startsWith('libvulkan'))) {
    return { reason: 'there is no Vulkan loader (libvulkan.so.1)', remedy: VULKAN };
  }
  if (device === 'webgpu' && /No supported adapters|Failed to get a WebGPU adapter/.test(said)) {
    if (library === undefined) return { reason: 'no driver shows a GPU', remedy: VULKAN };
    return {
      reason: `the GPU's driver for Vulkan does not load: ${library} is missing`,
      remedy: library.startsWith('libX') ? X_LIBRARIES : VULKAN,
    };
  }
  const last = said.trim().split('\n').at(-1) ?? '';
  return { reason: library === undefined ? withoutPlace(last) : `${library} is missing`, remedy: BROKEN };
}

const VULKAN =
  process.platform === 'linux'
    ? "Install the GPU's driver with Vulkan, on Debian or Ubuntu: apt-get install libvulkan1 mesa-vulkan-drivers"
    : "Install the GPU's driver.";

/** NVIDIA's driver for Vulkan is linked to them, also on a machine without a screen. */
const X_LIBRARIES = "Install the libraries of X that it is linked to, on Debian or Ubuntu: apt-get install libx11-6 libxext6";

/** onnxruntime puts file, line and signature before its sentence. */
function withoutPlace(message: string): string {
  return message.replace(/^\/onnxruntime_src\/.*\bwas false\.\s*/, '');
}
