import { readFileSync } from 'node:fs';

/** The kernel's own mark of a living process, on Linux. getrusage's begins with the parent's, from before exec. */
export function peakMegabytes(pid: number | 'self'): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kilobytes) * 1024) / 1e6;
}
