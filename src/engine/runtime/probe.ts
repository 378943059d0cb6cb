import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { graphBuilder } from '../graph/index.ts';
import type { Device } from './trainer.ts';

/** What came of trying a device. */
export type Probe =
  | { readonly works: true; /** Of eight products of 512 × 512 matrices, the best of three runs. */ readonly seconds: number }
  | { readonly works: false; /** The runtime's own words. */ readonly reason: string };

/** Long enough for a driver that compiles its first kernels on a busy machine. */
const PATIENCE_MS = 60_000;

/** Computes on the device in a process of its own, because a driver that fails may end the process, and answers with what came of it. */
export async function probe(device: Device): Promise<Probe> {
  const { toOnnx } = await import('../graph/onnx.ts');
  const job = { runtime: createRequire(import.meta.url).resolve('onnxruntime-node'), device, size: SIZE, model: Buffer.from(toOnnx(products())).toString('base64') };
  const child = spawn(process.execPath, ['-e', CHILD], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], timeout: PATIENCE_MS });
  let log = '';
  child.stderr?.on('data', (text: Buffer) => (log += text.toString('utf8')));
  const answer = await new Promise<Answer>((resolve) => {
    child.once('message', (message) => resolve(message as Answer));
    child.once('error', ({ message }) => resolve({ error: message }));
    child.once('close', (code, signal) => resolve({ error: `it ended the process with ${signal ?? `code ${code}`}` }));
    child.send(job, (error) => error !== null && resolve({ error: error.message }));
  });
  child.kill('SIGKILL');
  if ('error' in answer) return { works: false, reason: missingLibrary(log) ?? answer.error };
  if (Math.abs(answer.sum - SIZE) > 1e-3 * SIZE) return { works: false, reason: `it computes wrongly: ${answer.sum} in place of ${SIZE}` };
  return { works: true, seconds: answer.seconds };
}

type Answer = { readonly error: string } | { readonly sum: number; readonly seconds: number };

const SIZE = 512;

/** x⁹ of x [512, 512]; the sum of its elements is 512 where each element of x is 1 / 512. */
function products() {
  const g = graphBuilder('probe');
  const x = g.input('x', 'float32', [SIZE, SIZE]);
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
    process.send({ sum, seconds });
  } catch (error) {
    process.send({ error: error.message });
  }
});`;

/** The loader names the library that it misses in its log alone. */
function missingLibrary(log: string): string | undefined {
  return /\blib[\w.+-]+\.so[\w.]*: cannot open shared object file/.exec(log)?.[0];
}
