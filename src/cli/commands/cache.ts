import { resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../options.ts';

/** Removes what no run refers to, after showing it. Where nobody can be asked, `--yes` has to say so. */
const prune = defineCommand({
  name: 'prune',
  summary: 'remove what no run refers to',
  description: 'It lists everything to be deleted and asks first.',
  arguments: {},
  options: {
    dryRun: flag('only show what would be removed'),
    yes: flag('remove it without asking'),
  },
  examples: [
    { line: 'pipeline cache prune --dry-run', purpose: 'Show what no run refers to, and how much disk it takes.' },
    { line: 'pipeline cache prune --yes', purpose: 'Remove it without asking, as in a script.' },
  ],
  async run({ dryRun, yes }, { artifacts, terminal }) {
    const { cacheContents, removeUnused, unused } = await import('../../runner/cache/index.ts');
    const { inAll, itemTable } = await import('../render/cache-items.ts');
    const { plural } = await import('../render/layout/text.ts');
    const items = unused(cacheContents(artifacts));
    if (items.length === 0) return { data: { removed: [] }, text: 'nothing to remove: every entry belongs to a run' };
    const list = `${itemTable(items, terminal.colors)}\n${inAll(items)}`;
    if (dryRun) return { data: { removed: [], unused: items }, text: `${list} would be removed` };
    if (!yes && !terminal.interactive) {
      throw new OrtrainError('usage', `${inAll(items)} that no run refers to would be removed for good`, {
        remedy: 'See them with --dry-run, and remove them with --yes.',
      });
    }
    if (!yes) {
      const { isAgreed } = await import('../ask.ts');
      terminal.log(list);
      if (!(await isAgreed(`Remove ${plural(items.length, 'item')} for good?`)))
        return { data: { removed: [] }, text: 'nothing was removed' };
    }
    const removed = await removeUnused(artifacts, items);
    const kept = items.length - removed.length;
    const stayed = kept === 0 ? '' : `; ${plural(kept, 'item')} stayed, because a run has begun to use ${kept === 1 ? 'it' : 'them'}`;
    const removal = `${inAll(removed)} removed${stayed}`;
    return { data: { removed }, text: yes ? `${itemTable(removed, terminal.colors)}\n${removal}` : removal };
  },
});

/** Lists what the cache holds, and who uses it. */
export const cache = defineCommand({
  name: 'cache',
  summary: 'list what the cache holds: size, age, and the runs that use it',
  arguments: {},
  options: {},
  examples: [{ line: 'pipeline cache', purpose: 'List every cached output of a stage.' }],
  subcommands: [prune],
  async run(_given, { artifacts, terminal }) {
    const { cacheContents, unused } = await import('../../runner/cache/index.ts');
    const { inAll, itemTable } = await import('../render/cache-items.ts');
    const items = cacheContents(artifacts);
    if (items.length === 0) return { data: { items }, text: `nothing in ${resolve(artifacts, 'cache')}` };
    const sums = `${inAll(items)} in total; no run refers to ${inAll(unused(items))} of them`;
    return { data: { items }, text: `${itemTable(items, terminal.colors)}\n${sums}` };
  },
});
