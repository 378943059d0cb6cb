import { execFileSync } from 'node:child_process';

/** Megabytes in use on the first GPU; null where nvidia-smi does not say. */
export function gpuMemoryMb(): number | null {
  const said = smi('memory.used');
  return said === null ? null : Number.parseInt(said, 10);
}

/** What nvidia-smi says of the first GPU. */
export function smi(query: string): string | null {
  try {
    return execFileSync('nvidia-smi', [`--query-gpu=${query}`, '--format=csv,noheader,nounits'], {
      encoding: 'utf8',
      timeout: 10_000,
    }).split('\n')[0]!;
  } catch {
    return null;
  }
}
