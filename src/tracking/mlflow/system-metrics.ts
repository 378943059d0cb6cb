import type { Environment } from '../../core/environment.ts';
import type { SystemFigures } from '../../core/measures.ts';
import type { Metric } from './client/wire.ts';

/** What a run takes of the machine, under the names that MLflow's own pages know; `process_memory_usage_megabytes` is ours. */
export function systemMetrics(
  { cpuPercent, memoryBytes, freeBytes, gpus = [] }: SystemFigures,
  { cores, memoryBytes: total }: Environment['machine'],
  t: number,
  step: number,
): readonly Metric[] {
  const used = total - freeBytes;
  const figures: Readonly<Record<string, number | null>> = {
    cpu_utilization_percentage: cpuPercent / cores,
    system_memory_usage_megabytes: used / MEGABYTE,
    system_memory_usage_percentage: (100 * used) / total,
    process_memory_usage_megabytes: memoryBytes / MEGABYTE,
    ...Object.assign({}, ...gpus.map(({ percent, usedBytes, totalBytes }, i) => ({
      [`gpu_${i}_utilization_percentage`]: percent,
      [`gpu_${i}_memory_usage_megabytes`]: usedBytes === null ? null : usedBytes / MEGABYTE,
      [`gpu_${i}_memory_usage_percentage`]: usedBytes === null || totalBytes === null ? null : (100 * usedBytes) / totalBytes,
    }))),
  };
  return Object.entries(figures).flatMap(([name, value]) => (value === null ? [] : [{ key: `system/${name}`, value, t, step }]));
}

/** As MLflow counts them. */
const MEGABYTE = 1e6;
