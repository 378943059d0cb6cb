import { OrtrainError } from '../../core/errors.ts';
import { oneOrMore } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../options.ts';

/** Deletes runs after showing what goes. Where nobody can be asked, `--yes` has to say so. */
export const deleteRuns = defineCommand({
  name: 'delete',
  summary: 'delete runs; what other runs use stays',
  description: 'It lists everything to be deleted and asks first.',
  arguments: { run: oneOrMore('names or folders of the runs', 'run') },
  options: {
    withCache: flag('also remove from the cache what no other run uses'),
    dryRun: flag('only show what would be deleted'),
    yes: flag('delete without asking'),
  },
  examples: [
    { line: 'pipeline delete quickstart --dry-run', purpose: 'Show what would go.' },
    { line: 'pipeline delete quickstart --with-cache --yes', purpose: 'Delete the run and its share of the cache without asking.' },
  ],
  async run({ run: names, withCache, dryRun, yes }, { artifacts, terminal }) {
    const { deleteRuns: deleteStored, deletionOf } = await import('../../runner/stored/index.ts');
    const { inAll } = await import('../render/cache-items.ts');
    const { deletionText } = await import('../render/deletion.ts');
    const { plural } = await import('../render/layout/text.ts');
    const found = deletionOf(artifacts, names);
    const going = withCache ? found : { ...found, items: [] };
    const kept = withCache ? [] : found.items;
    const list = deletionText(going, kept, terminal.colors);
    const what = `${plural(going.runs.length, 'run')}${going.items.length === 0 ? '' : ` and ${inAll(going.items)} of the cache`}`;
    if (dryRun) return { data: { deleted: [], removed: [], found: { ...going, kept } }, text: `${list}\n${what} would be deleted` };
    if (!yes && !terminal.interactive) {
      throw new OrtrainError('usage', `${what} would be deleted for good: ${going.runs.map(({ name }) => name).join(', ')}`, {
        remedy: 'See what goes with --dry-run, and delete it with --yes.',
      });
    }
    if (!yes) {
      const { isAgreed } = await import('../ask.ts');
      terminal.log(list);
      if (!(await isAgreed(`Delete ${what} for good?`)))
        return { data: { deleted: [], removed: [], kept: found.items }, text: 'nothing was deleted' };
    }
    await deleteStored(artifacts, going);
    return { data: { deleted: going.runs, removed: going.items, kept }, text: yes ? `${list}\n${what} deleted` : `${what} deleted` };
  },
});
