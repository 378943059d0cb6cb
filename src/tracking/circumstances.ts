import type { Environment } from '../core/environment.ts';

/** What decides how fast a run is, besides its model and texts. */
export type Circumstances = Pick<Environment, 'machine' | 'device' | 'threads' | 'versions'>;

/** The same text for the same circumstances. */
export function circumstancesOf({ machine, device, threads, versions }: Circumstances): string {
  return JSON.stringify([machine.cpu, machine.cores, device, threads, versions['onnxruntime']]);
}
