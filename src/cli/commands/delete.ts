import { OrtrainError } from '../../core/errors.ts';
import { deleteRuns, deletionOf, type Deletion } from '../../runner/index.ts';
import { isAgreed } from '../ask.ts';
import type { Verb } from '../call.ts';
import { inAll, itemTable } from '../render/cache-items.ts';
import { left, right, table } from '../render/table.ts';
import { bytes, pathFromHere, plural } from '../render/text.ts';
import type { Colors } from '../terminal.ts';

export interface DeleteFlags {
  readonly withCache?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Deletes runs after showing what goes. Where nobody can be asked, `--yes` has to say so. */
export const deleteStored: Verb<DeleteFlags> = async (names, { withCache = false, dryRun = false, yes = false }, call) => {
  const { terminal, flags } = call;
  const found = deletionOf(flags.artifacts, names);
  const going: Deletion = withCache ? found : { ...found, items: [] };
  const kept = withCache ? [] : found.items;
  const list = deletionText(going, kept, terminal.colors);
  const what = `${plural(going.runs.length, 'run')}${going.items.length === 0 ? '' : ` and ${inAll(going.items)} of the cache`}`;
  if (dryRun) return { data: { deleted: [], removed: [], found: { ...going, kept } }, text: `${list}\n${what} would be deleted` };
  if (!yes && !terminal.interactive) throw new OrtrainError('usage', `${what} would be deleted for good: ${going.runs.map(({ name }) => name).join(', ')}`, { remedy: 'See what goes with --dry-run, and delete it with --yes.' });
  if (!yes) {
    terminal.note(list);
    if (!(await isAgreed(`Delete ${what} for good?`))) return { data: { deleted: [], removed: [], kept: found.items }, text: 'nothing was deleted' };
  }
  await deleteRuns(flags.artifacts, going);
  return { data: { deleted: going.runs, removed: going.items, kept }, text: yes ? `${list}\n${what} deleted` : `${what} deleted` };
};

function deletionText({ runs, items }: Deletion, kept: Deletion['items'], colors: Colors): string {
  const folders = table(
    [left('run'), left('status'), right('size'), left('folder')],
    runs.map(({ name, status, bytes: size, folder }) => [name, status, bytes(size), `${pathFromHere(folder)}/`]),
    colors,
  );
  const rest = kept.length === 0 ? [] : [`in the cache stay ${inAll(kept)} that no other run uses; \`pipeline cache prune\` removes them, or --with-cache now`];
  return [folders, ...(items.length === 0 ? [] : [itemTable(items, colors)]), ...rest].join('\n');
}
