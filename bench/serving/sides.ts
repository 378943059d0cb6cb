import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { classifierForward } from '../../src/engine/models/index.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/index.ts';
import { openTask } from '../../src/tasks/index.ts';
import { encoderFiles, initialWeights, lastLayerOf, writeModelFolder } from '../../src/training/folders/classifier-folder.ts';
import { writePortableFolder } from '../../src/training/folders/portable-folder.ts';
import { freePort } from '../../test/helpers/free-port.ts';
import { childrenOf, statOf } from '../../test/helpers/processes.ts';

/** A server of the model, and its processes. */
export interface Side {
  readonly name: string;
  readonly url: string;
  /** Of its processes together, since they were started. */
  cpuSeconds(): number;
  /** Of each of its processes, in megabytes. */
  residentMegabytes(): readonly number[];
  stop(): void;
}

export interface Folders {
  /** In Hugging Face's layout. */
  readonly huggingFace: string;
  /** With onnx/model.onnx, as `pipeline export` writes it. */
  readonly onnx: string;
  /** The same as PyTorch writes it, where there is a Python. */
  readonly exported: string | undefined;
}

/** Tokens that a text is cut to, on all sides. */
const MOST_TOKENS = 128;

/** A classifier of two classes on an encoder, with a head at random, in the forms that the sides read. */
export async function writeModels(encoder: string, folder: string, python: string | undefined): Promise<Folders> {
  const starting = { weights: 'pretrained', resize_embeddings: false } as const;
  const files = { ...encoderFiles(encoder, starting), ...tokenizerFiles(encoder) };
  const task = openTask({ classes: ['0', '1'] });
  const head = { dense: [], dropout: 0, activation: 'none' } as const;
  const weights = initialWeights(files, starting, 1);
  const { source } = weights.source(classifierForward({ encoder: weights.config, head, ...lastLayerOf(task) }).parameters, 1);
  const exported = python === undefined ? undefined : join(folder, 'by-pytorch');
  const folders = { huggingFace: join(folder, 'hugging-face'), onnx: join(folder, 'by-ortrain'), exported };
  writeModelFolder(folders.huggingFace, { task, head, max_seq_length: MOST_TOKENS, files, config: weights.config, source });
  await writePortableFolder(folders.onnx, [folders.huggingFace], ['float32']);
  if (python !== undefined) execFileSync(python, [here('rivals.py'), folders.huggingFace, join(folder, 'by-pytorch')], { stdio: 'pipe' });
  return folders;
}

/**
 * What is measured: ours first. The others serve what PyTorch exports; where there is no Python, what we export, whose last layer computes
 * the first token alone and which is therefore faster.
 */
export async function startSides(folders: Folders, threads: number, python: string | undefined): Promise<readonly Side[]> {
  const { huggingFace, onnx, exported = onnx } = folders;
  const inPython = (model: string, kind: string) => (port: string) => [here('rivals.py'), model, port, String(threads), kind];
  const starts: readonly (() => Promise<Side>)[] = [
    () => startOurs(onnx, threads),
    () => start('transformers.js, fastify', 'node', (port) => [...tsx(here('transformers-child.ts')), exported, port, String(threads)]),
    ...(python === undefined
      ? []
      : [
          () => start('Transformers, FastAPI', python, inPython(huggingFace, 'transformers')),
          () => start('ONNX Runtime, FastAPI', python, inPython(exported, 'onnxruntime')),
        ]),
  ];
  const started: Side[] = [];
  try {
    for (const begin of starts) started.push(await begin());
    return started;
  } catch (error) {
    for (const side of started) side.stop();
    throw error;
  }
}

/** `pipeline serve`, with as many threads as the others, in as many lanes. */
export function startOurs(model: string, threads: number): Promise<Side> {
  const lanes = Math.min(2, threads);
  const speed = ['--lanes', String(lanes), '--threads', String(Math.max(1, Math.floor(threads / lanes)))];
  return start('ortrain', 'node', (port) => [here('../../bin/pipeline.js'), 'serve', '--run', model, '--port', port, '--quiet', ...speed]);
}

async function start(name: string, program: string, args: (port: string) => readonly string[]): Promise<Side> {
  const port = String(await freePort());
  const child = spawn(program === 'node' ? process.execPath : program, args(port), { stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await answers(url)); tries++) {
    if (child.exitCode !== null || tries > 600) throw new Error(`${name} does not start`);
    await sleep(200);
  }
  const pids = (): readonly number[] => withChildren(child.pid ?? 0);
  return {
    name,
    url: `${url}/v1/classify`,
    cpuSeconds: () => pids().reduce((sum, pid) => sum + secondsOf(pid), 0),
    residentMegabytes: () => pids().map(megabytesOf),
    stop: () => stop(child),
  };
}

function stop(child: ChildProcess): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), 5000).unref();
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function withChildren(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(withChildren)];
}

/** proc(5): behind the name, utime and stime are the twelfth and thirteenth field, and the resident pages the twenty-second. */
const secondsOf = (pid: number): number => (Number(statOf(pid)[11] ?? 0) + Number(statOf(pid)[12] ?? 0)) / 100;
const megabytesOf = (pid: number): number => (Number(statOf(pid)[21] ?? 0) * 4096) / 1e6;

export const tsx = (module: string): readonly string[] => ['--import', import.meta.resolve('tsx'), module];
export const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
