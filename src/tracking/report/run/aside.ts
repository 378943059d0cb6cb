import { join } from 'node:path';
import { aside } from '../../../core/aside.ts';
import { moduleBeside } from '../../../core/threads.ts';
import { isLarge } from '../../../data/tables/index.ts';

/** `writeRunReport` that leaves this thread free where the run has many predictions. */
export async function writeRunReportAside(
  folder: string,
  decoded: string | undefined,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  if (isLarge(join(folder, 'oof.csv')))
    return aside(moduleBeside(import.meta.url, 'report'), 'writeRunReport', [folder, decoded], signal);
  const { writeRunReport } = await import('./report.ts');
  return writeRunReport(folder, decoded);
}
