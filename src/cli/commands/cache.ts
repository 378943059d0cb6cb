import { resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { cacheContents, removeUnused, unused } from '../../runner/index.ts';
import { isAgreed } from '../ask.ts';
import type { Verb } from '../call.ts';
import { inAll, itemTable } from '../render/cache-items.ts';
import { plural } from '../render/text.ts';

/** Lists what the cache holds, and who uses it. */
export const cache: Verb<object> = async (_operands, _flags, call) => {
  const { artifacts } = call.flags;
  const items = cacheContents(artifacts);
  const text = items.length === 0 ? `nothing in ${resolve(artifacts, 'cache')}` : `${itemTable(items, call.terminal.colors)}\n${inAll(items)} in all; no run refers to ${inAll(unused(items))} of them`;
  return { data: { items }, text };
};

export interface PruneFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Removes what no run refers to, after showing it. Where nobody can be asked, `--yes` has to say so. */
export const prune: Verb<PruneFlags> = async (_operands, { dryRun = false, yes = false }, call) => {
  const items = unused(cacheContents(call.flags.artifacts));
  const { terminal } = call;
  if (items.length === 0) return { data: { removed: [] }, text: 'nothing to remove: every entry belongs to a run' };
  const list = `${itemTable(items, terminal.colors)}\n${inAll(items)}`;
  if (dryRun) return { data: { removed: [], unused: items }, text: `${list} would be removed` };
  if (!yes && !terminal.interactive) throw new OrtrainError('usage', `${inAll(items)} that no run refers to would be removed for good`, { remedy: 'See them with --dry-run, and remove them with --yes.' });
  if (!yes) {
    terminal.note(list);
    if (!(await isAgreed(`Remove ${plural(items.length, 'item')} for good?`))) return { data: { removed: [] }, text: 'nothing was removed' };
  }
  const removed = await removeUnused(call.flags.artifacts, items);
  const kept = items.length === removed.length ? '' : `; ${plural(items.length - removed.length, 'item')} stayed, which a run has come to use`;
  return { data: { removed }, text: yes ? `${itemTable(removed, terminal.colors)}\n${inAll(removed)} removed${kept}` : `${inAll(removed)} removed${kept}` };
};
