import { execFile } from 'node:child_process';
import { findProgram } from '../../core/programs.ts';

/** Bytes of one GPU's memory. */
export interface GpuMemory {
  readonly totalBytes: number;
  /** What nobody holds now. */
  readonly freeBytes: number;
}

/** A driver that does not answer within this is not waited for. */
const PATIENCE_MS = 10_000;

/**
 * The memory of the GPU that CUDA computes on, by nvidia-smi; null where nobody tells it. Of several, the first that CUDA_VISIBLE_DEVICES
 * names by number, else the smallest, since CUDA and nvidia-smi need not number them alike.
 */
export function gpuMemory(env: Readonly<Record<string, string | undefined>> = process.env): Promise<GpuMemory | null> {
  const program = findProgram('nvidia-smi');
  if (program === undefined) return Promise.resolve(null);
  const query = ['--query-gpu=memory.total,memory.free', '--format=csv,noheader,nounits'];
  return new Promise((resolve) => {
    execFile(program, query, { timeout: PATIENCE_MS, killSignal: 'SIGKILL', windowsHide: true }, (error, stdout) => {
      resolve(error === null ? chosen(stdout.trim().split('\n').map(parsed), env['CUDA_VISIBLE_DEVICES']) : null);
    });
  });
}

/** `81559, 80994`, in mebibytes; `[N/A]` where the driver does not know. */
function parsed(line: string): GpuMemory | null {
  const [, total, free] = /^\s*(\d+)\s*,\s*(\d+)\s*$/.exec(line) ?? [];
  return total === undefined || free === undefined ? null : { totalBytes: Number(total) * 2 ** 20, freeBytes: Number(free) * 2 ** 20 };
}

function chosen(gpus: readonly (GpuMemory | null)[], visible: string | undefined): GpuMemory | null {
  const [, number] = /^\s*(\d+)/.exec(visible ?? '') ?? [];
  if (number !== undefined && Number(number) < gpus.length) return gpus[Number(number)] ?? null;
  return gpus.reduce((least, gpu) => (least === null || (gpu !== null && gpu.totalBytes < least.totalBytes) ? gpu : least), null);
}
