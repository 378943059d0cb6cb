import { existsSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { bytes, plural } from '../../core/text.ts';
import { variables } from '../../core/variables.ts';
import { hubSettings } from '../../data/hub/index.ts';
import { lookForCuda, onnxruntimeVersion } from '../../engine/runtime/index.ts';
import { trackingServer } from '../../tracking/mlflow/index.ts';
import { chooseDevice, isSoftware, tried } from './devices.ts';

/** Something that was examined on a machine. */
export interface MachineFinding {
  readonly subject: string;
  /** `none`: it is not here, and nothing needs it. */
  readonly state: 'ok' | 'warn' | 'none';
  readonly found: string;
  /** What to do, where `state` is not ok. */
  readonly remedy: string | null;
}

/** Versions, memory, disk, devices and settings of this machine. Asks nobody over the network. */
export async function examineMachine(artifacts: string): Promise<readonly MachineFinding[]> {
  return [node(), processor(), memory(), disk(artifacts), ...(await devices()), modelCache(), mlflow()];
}

const ok = (subject: string, found: string): MachineFinding => ({ subject, state: 'ok', found, remedy: null });
const warn = (subject: string, found: string, remedy: string): MachineFinding => ({ subject, state: 'warn', found, remedy });
const lacking = (subject: string, found: string, remedy: string): MachineFinding => ({ subject, state: 'none', found, remedy });

/** The oldest versions with everything that is used here. */
const OLDEST_NODE = [20, 19] as const;

function node(): MachineFinding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const found = `${process.versions.node} on ${process.platform} ${process.arch}, ${release()}`;
  const isNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return isNew ? ok('node', found) : warn('node', found, `Install Node ${OLDEST_NODE.join('.')} or later.`);
}

function processor(): MachineFinding {
  return ok('processor', `${plural(availableParallelism(), 'core')}, ${cpus()[0]?.model.trim() || 'unknown'}`);
}

/** Full fine-tuning of a base-size BERT with Adam: four copies of 0.44 GB, a batch's values, and the runtime. */
const MEMORY_FOR_BASE = 6e9;

function memory(): MachineFinding {
  const limit = process.constrainedMemory();
  const usable = limit > 0 && limit < totalmem() ? limit : totalmem();
  const found = bytes(usable);
  return usable >= MEMORY_FOR_BASE
    ? ok('memory', found)
    : warn('memory', found, 'Enough for small models. For base-size models freeze the encoder or set training.micro_batch to a few rows.');
}

/** Five fold models of base size, the best of each, and the cache. */
const DISK_FOR_BASE = 5e9;

function disk(artifacts: string): MachineFinding {
  let folder = resolve(artifacts);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const found = `${bytes(bavail * bsize)} free for ${resolve(artifacts)}`;
  return bavail * bsize >= DISK_FOR_BASE
    ? ok('disk', found)
    : warn('disk', found, 'Free some space, or store the runs elsewhere with --artifacts.');
}

/** Computes on every device instead of believing a list, each in a process of its own. */
async function devices(): Promise<readonly MachineFinding[]> {
  const missing = missingRuntime();
  if (missing !== undefined) return [missing];
  const [cpu, cuda, webgpu] = await Promise.all([tried('cpu'), tried('cuda'), tried('webgpu')]);
  const { device } = await chooseDevice('auto');
  const runtime = `onnxruntime ${onnxruntimeVersion()}`;
  return [
    cpu.works ? ok('cpu', `${runtime} computes on it`) : warn('cpu', `${runtime}: ${printable(cpu.reason)}`, cpu.remedy),
    cuda.works
      ? ok('cuda', `computes on ${cuda.adapter ?? 'a GPU'}`)
      : (lookForCuda(process.env).driver ? warn : lacking)('cuda', printable(cuda.reason), cuda.remedy),
    webgpu.works
      ? ok('webgpu', `computes on ${webgpu.adapter ?? 'a GPU'}${isSoftware(webgpu) ? ', which is software on the CPU' : ''}`)
      : lacking('webgpu', printable(webgpu.reason), webgpu.remedy),
    ok('auto', `--device auto takes ${device}`),
  ];
}

/** Without its runtime nothing computes on any device. */
function missingRuntime(): MachineFinding | undefined {
  try {
    onnxruntimeVersion();
    return undefined;
  } catch (error) {
    if (!(error instanceof OrtrainError)) throw error;
    return warn('onnxruntime', error.message, error.remedy ?? '');
  }
}

function modelCache(): MachineFinding {
  try {
    const { cache, endpoint, offline } = hubSettings(variables());
    const state = existsSync(cache) ? cache : `${cache}, which does not exist yet`;
    return ok('models', printable(`${state}; ${offline ? 'offline (HF_HUB_OFFLINE)' : `fetched from ${endpoint}`}`));
  } catch (error) {
    return unusable('models', error);
  }
}

function mlflow(): MachineFinding {
  try {
    const server = trackingServer('env', variables());
    return ok('mlflow', server === null ? 'MLFLOW_TRACKING_URI is not set' : printable(server.uri));
  } catch (error) {
    return unusable('mlflow', error);
  }
}

/** A setting that cannot be used. */
function unusable(subject: string, error: unknown): MachineFinding {
  if (!(error instanceof OrtrainError)) throw error;
  return warn(subject, printable(error.message), printable(error.remedy ?? 'Correct it or unset it.'));
}
