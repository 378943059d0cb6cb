import type { Environment } from '../core/environment.ts';

/** What decides how fast a run is, besides its model and texts. */
export type ExecutionSetup = Pick<Environment, 'machine' | 'device' | 'threads' | 'versions'>;

/** The same text for the same setup. */
export function setupKey({ machine, device, threads, versions }: ExecutionSetup): string {
  return JSON.stringify([machine.cpu, machine.cores, device, threads, versions['onnxruntime']]);
}
