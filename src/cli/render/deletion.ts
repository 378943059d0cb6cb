import type { Deletion } from '../../runner/stored/index.ts';
import type { Colors } from '../terminal.ts';
import { inAll, itemTable } from './cache-items.ts';
import { left, right, table } from './layout/table.ts';
import { bytes, pathFromHere } from './layout/text.ts';

/** The runs that go, what goes of the cache, and what stays there though no other run uses it. */
export function deletionText({ runs, items }: Deletion, kept: Deletion['items'], colors: Colors): string {
  const folders = table(
    [left('run'), left('status'), right('size'), left('folder')],
    runs.map(({ name, status, bytes: size, folder }) => [name, status, bytes(size), `${pathFromHere(folder)}/`]),
    colors,
  );
  const staying = `${inAll(kept)} that no other run uses stay in the cache; \`pipeline cache prune\` removes them, or --with-cache now`;
  return [folders, ...(items.length === 0 ? [] : [itemTable(items, colors)]), ...(kept.length === 0 ? [] : [staying])].join('\n');
}
