import type { Synced } from '../../runner/stored/index.ts';
import type { Colors } from '../terminal.ts';
import { left, right, table } from './layout/table.ts';
import { count, plural } from './layout/text.ts';

/** What was sent of each run, and what the server refused. */
export function syncTable(synced: readonly Synced[], colors: Colors): string {
  const stateText = ({ state, entries }: Synced): string =>
    state === 'at-work' ? 'still running' : entries === 0 ? 'nothing new' : 'sent';
  const rows = synced.map((each) => [each.run, stateText(each), count(each.entries), each.page ?? '–']);
  const refused = synced
    .filter(({ rejected }) => rejected > 0)
    .map(({ folder, rejected }) => `${plural(rejected, 'item')} refused, see ${folder}/mlflow/rejected.jsonl`);
  return [table([left('run'), left('state'), right('events'), left('page')], rows, colors), ...refused].join('\n');
}
