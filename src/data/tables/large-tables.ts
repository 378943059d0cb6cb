import { aside } from '../../core/aside.ts';
import { statsOf } from '../../core/inputs.ts';
import { moduleBeside } from '../../core/threads.ts';
import { readTable, type Table, type TableFile } from './table.ts';

/** True for files that take longer to read than a person may wait for an answer to Ctrl-C. */
export function isLarge(...paths: readonly (string | null)[]): boolean {
  return paths.reduce((sum, path) => sum + (path === null ? 0 : sizeOf(path)), 0) > LARGE_BYTES;
}

/** `readTable` that leaves this thread free where the table is large. */
export async function readTableAside(file: TableFile, signal?: AbortSignal): Promise<Table> {
  return isLarge(file.path) ? aside(moduleBeside(import.meta.url, 'table'), 'readTable', [file], signal) : readTable(file);
}

/** Some ten thousand texts: half a second with all that is looked for in them. */
const LARGE_BYTES = 2_000_000;
/** Text is packed to about a third. */
const PACKED = 3;

function sizeOf(path: string): number {
  const size = statsOf(path)?.size ?? 0;
  return /\.(gz|zip|parquet)$/i.test(path) ? PACKED * size : size;
}
