import { existsSync, readdirSync } from 'node:fs';
import type { Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { variables } from '../../core/variables.ts';
import { cudaVariables, lookForCuda, probe, type Device, type Probe } from '../../engine/runtime/index.ts';
import type { Precision } from '../../engine/precision.ts';

/** A device, or `auto`. */
export type AskedDevice = Experiment['resources']['device'];

/** Devices that would have been better, to the reason why they were not taken, a sentence without a final full stop. */
export type PassedOver = Readonly<Partial<Record<Device, string>>>;

export interface DeviceChoice {
  readonly device: Device;
  readonly asked: AskedDevice;
  /** The GPU's name, where it is known. */
  readonly adapter: string | null;
  readonly passedOver: PassedOver;
}

/**
 * The device to compute on. `auto` is the best that works: CUDA, WebGPU on a GPU, the CPU. One that is asked for by name is taken
 * or refused: throws OrtrainError `environment` with the reason where it does not work.
 *
 * @param failed devices that have worked when they were tried, and then failed with the model itself
 */
export async function chooseDevice(asked: AskedDevice, failed: PassedOver = {}): Promise<DeviceChoice> {
  if (asked === 'auto') return best(failed);
  if (asked === 'cpu') return { device: asked, asked, adapter: null, passedOver: {} };
  const outcome = await tried(asked);
  if (outcome.works) return { device: asked, asked, adapter: outcome.adapter, passedOver: {} };
  throw new OrtrainError('environment', `${asked} was asked for and does not work here: ${outcome.reason}`, {
    subject: asked,
    remedy: `With --device auto a run takes the best that works. ${outcome.remedy}`,
  });
}

/** The device that is asked for, whether it works or not; for `auto` the best that works. */
export async function assumeDevice(asked: AskedDevice): Promise<DeviceChoice> {
  return asked === 'auto' ? best({}) : { device: asked, asked, adapter: null, passedOver: {} };
}

/**
 * `chooseDevice` for a plan, which another machine may carry out: a device that is asked for by name is planned for, with the reason where
 * it does not work here.
 */
export async function plannedDevice(asked: AskedDevice, failed: PassedOver = {}): Promise<DeviceChoice> {
  if (asked === 'auto' || asked === 'cpu') return chooseDevice(asked, failed);
  const outcome = await tried(asked);
  return {
    device: asked,
    asked,
    adapter: outcome.works ? outcome.adapter : null,
    passedOver: outcome.works ? {} : { [asked]: outcome.reason },
  };
}

async function best(failed: PassedOver): Promise<DeviceChoice> {
  const passedOver: Partial<Record<Device, string>> = { ...failed };
  for (const [device, look] of [['cuda', cuda], ['webgpu', webgpu]] as const) {
    if (device in failed) continue;
    const found = await look();
    if ('adapter' in found) return { device, asked: 'auto', adapter: found.adapter, passedOver };
    passedOver[device] = found.reason;
  }
  return { device: 'cpu', asked: 'auto', adapter: null, passedOver };
}

type Found = { readonly adapter: string | null } | { readonly reason: string };

/** Without a driver, it does not matter what else is missing. */
async function cuda(): Promise<Found> {
  return lookForCuda(process.env).driver ? tried('cuda') : { reason: 'there is no NVIDIA driver' };
}

/**
 * WebGPU is worth taking on a GPU alone: software that plays one is ten times slower than the CPU itself. onnxruntime tells nobody
 * which adapter it took. So: without a device file there is no GPU to look for, which costs nothing to see and is the usual case of
 * a server; Vulkan's loader names the adapter, and software is known by its name; and any other has to be twice as fast as the CPU
 * in products of matrices, which decides where nothing names the adapter, or where a small GPU sits beside a large CPU. Less than
 * twice could be one thing today and another tomorrow, and cache keys with it.
 */
async function webgpu(): Promise<Found> {
  if (!showsGpu()) return { reason: 'this machine shows no GPU' };
  const light = await tried('webgpu');
  if (!light.works) return light;
  if (isSoftware(light)) return { reason: `its adapter, ${light.adapter}, is software on the CPU` };
  const [gpu, cpu] = [await tried('webgpu', true), await tried('cpu', true)];
  if (!gpu.works || !cpu.works || 2 * gpu.seconds < cpu.seconds) return gpu;
  return {
    reason:
      `its adapter${gpu.adapter === null ? '' : `, ${gpu.adapter},`} took ${milliseconds(gpu.seconds)} for what takes the ` +
      `CPU ${milliseconds(cpu.seconds)}`,
  };
}

/** Mesa's lavapipe, Google's SwiftShader and Microsoft's WARP. */
export function isSoftware({ adapter }: { readonly adapter: string | null }): boolean {
  return /llvmpipe|lavapipe|swiftshader|basic render/i.test(adapter ?? '');
}

/** On Linux every driver of a GPU has a device file: those of the kernel, NVIDIA's, and what WSL and phones have in their place. */
function showsGpu(): boolean {
  if (process.platform !== 'linux') return true;
  const render = existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  return render || ['/dev/nvidiactl', '/dev/nvmap', '/dev/dxg', '/dev/mali0', '/dev/kgsl-3d0'].some((file) => existsSync(file));
}

const milliseconds = (seconds: number): string => `${(1000 * seconds).toPrecision(2)} ms`;

/** What came of trying a device, tried once in a process. */
export function tried(device: Device, timed = false): Promise<Probe> {
  const key = `${device} ${timed}`;
  const outcome = outcomes.get(key) ?? probe(device, { timed });
  outcomes.set(key, outcome);
  return outcome;
}

const outcomes = new Map<string, Promise<Probe>>();

/** `computes on the cpu; not on cuda: …; not on webgpu: …` */
export function choiceInWords({ device, adapter, passedOver }: Pick<DeviceChoice, 'device' | 'adapter' | 'passedOver'>): string {
  const others = Object.entries(passedOver).map(([name, reason]) =>
    name === device ? `, which does not work here: ${reason}` : `; not on ${name}: ${reason}`,
  );
  return `computes on ${device === 'cpu' ? 'the cpu' : device}${adapter === null ? '' : ` (${adapter})`}${others.join('')}`;
}

/**
 * The variables that a process which computes on the device is started with. Products of matrices are to be as exact on CUDA as
 * elsewhere; NVIDIA's TF32, faster and with 10 bits of 23, is for who asks for it, since onnxruntime would take it by itself.
 */
export function deviceVariables(device: Device, precision?: Precision): Readonly<Record<string, string>> {
  if (device !== 'cuda') return {};
  const isAsked = precision === 'tf32' || (precision === undefined && variables()['NVIDIA_TF32_OVERRIDE'] === '1');
  return { NVIDIA_TF32_OVERRIDE: isAsked ? '1' : '0', ...cudaVariables(process.env) };
}

/** What the device itself said, where it failed while a model was made ready on it. */
export function deviceFailure(error: unknown, device: Device): string | undefined {
  const isOfDevice = error instanceof OrtrainError && error.code === 'environment' && error.subject === device && device !== 'cpu';
  return isOfDevice ? error.message : undefined;
}
