import { execFile } from 'node:child_process';
import type { Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { findProgram } from '../../core/programs.ts';
import { variables } from '../../core/variables.ts';
import type { Precision } from '../../engine/precision.ts';
import type { Device } from '../../engine/runtime/index.ts';

/** A precision, or `auto`. */
export type AskedPrecision = Experiment['training']['precision'];

export interface PrecisionChoice {
  readonly precision: Precision;
  readonly asked: AskedPrecision;
  /** Why it is that, or what it means here: a sentence without a final full stop. Null where there is nothing to say. */
  readonly why: string | null;
}

interface Machine {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Of the oldest GPU, 9 for an H100; null where it is unknown. */
  readonly capability?: () => Promise<number | null>;
}

/** From this generation of GPUs on (Ampere) there are bfloat16 and TF32. */
const AMPERE = 8;

/**
 * What products of matrices are taken in. Throws OrtrainError `environment` where the device cannot do what is asked for; `auto` is
 * the fastest that needs no care on it.
 */
export async function choosePrecision(asked: AskedPrecision, device: Device, machine: Machine = {}): Promise<PrecisionChoice> {
  const { env = variables(), capability = computeCapability } = machine;
  const chosen = (precision: Precision, why: string | null = null): PrecisionChoice => ({ precision, asked, why });
  switch (asked) {
    case 'float32':
      if (device !== 'cuda' || env['NVIDIA_TF32_OVERRIDE'] !== '1') return chosen('float32');
      return chosen('tf32', 'matrix products in TF32, because NVIDIA_TF32_OVERRIDE is 1');
    case 'tf32':
      if (device === 'cuda') return chosen('tf32', 'matrix products in TF32');
      return chosen('float32', `matrix products in float32: TF32 is a mode of NVIDIA's GPUs, which ${deviceName(device)} does not have`);
    case 'float16':
    case 'bfloat16':
      if (asked === 'bfloat16') await requireBfloat16(device, capability);
      return chosen(asked, `matrix products in ${asked}${device === 'cpu' ? IN_FLOAT32 : ''}`);
    case 'auto': {
      if (device !== 'cuda') return chosen('float32', `matrix products in float32, the fastest that is safe on ${deviceName(device)}`);
      const found = await capability();
      if (found === null)
        return chosen('float32', 'matrix products in float32: nvidia-smi does not report the compute capability of the GPU');
      if (found < AMPERE) return chosen('float32', `matrix products in float32: a GPU of compute capability ${found} has no bfloat16`);
      return chosen('bfloat16', `matrix products in bfloat16: the GPU's compute capability is ${found}`);
    }
  }
}

const IN_FLOAT32 = ', computed in float32 from rounded factors: the CPU has no such kernels, and float32 is faster on it';

async function requireBfloat16(device: Device, capability: () => Promise<number | null>): Promise<void> {
  if (device === 'webgpu') throw lacking('WebGPU');
  const found = device === 'cuda' ? await capability() : null;
  if (found !== null && found < AMPERE) throw lacking(`a GPU of compute capability ${found}`);
}

function lacking(what: string): OrtrainError {
  return new OrtrainError('environment', `${what} has no bfloat16, which training.precision asks for`, {
    subject: 'training.precision',
    remedy: 'Set training.precision to auto, which takes what the device has, or to float16.',
  });
}

function deviceName(device: Device): string {
  return { cpu: 'the CPU', cuda: 'CUDA', webgpu: 'WebGPU' }[device];
}

const PATIENCE_MS = 10_000;

/** Of the oldest GPU that the driver shows, by nvidia-smi. */
function computeCapability(): Promise<number | null> {
  const program = findProgram('nvidia-smi');
  if (program === undefined) return Promise.resolve(null);
  return new Promise((resolve) => {
    const query = ['--query-gpu=compute_cap', '--format=csv,noheader'];
    execFile(program, query, { timeout: PATIENCE_MS, killSignal: 'SIGKILL', windowsHide: true }, (error, stdout) => {
      const found = stdout.trim().split('\n').map(Number).filter((value) => value > 0);
      resolve(error !== null || found.length === 0 ? null : Math.min(...found));
    });
  });
}
