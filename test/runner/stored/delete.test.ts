import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { thisProcess } from '../../../src/core/owner.ts';
import { cacheContents } from '../../../src/runner/cache/index.ts';
import { runExperiment } from '../../../src/runner/index.ts';
import { deleteRuns, deletionOf, listRuns } from '../../../src/runner/stored/index.ts';
import { openJournal } from '../../../src/tracking/journal.ts';
import { readJournal } from '../../helpers/journal.ts';
import { pipeline } from '../../cli/bin.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';

const artifacts = temporaryFolder();

/** Tokens and folds of an experiment; what is the same in two of them is in the cache once. Answers with the stages carried out. */
async function prepare(name: string, ...set: readonly string[]): Promise<readonly string[]> {
  const executed: string[] = [];
  await runExperiment(await smallQuickstart(`name=${name}`, ...set), { artifacts, device: 'auto', until: 'split' }, (event) => {
    if (event.type === 'task-started') executed.push(event.stage);
  });
  return executed;
}

const names = (): readonly string[] => listRuns(artifacts).map(({ name }) => name).sort();
const stages = (): readonly string[] => cacheContents(artifacts).map(({ stage, runs }) => `${stage}: ${runs.join()}`).sort();

/** Says in a run's journal that this process has begun it, or has ended it. */
function tell(run: string, what: 'begins' | 'ends'): void {
  const path = join(artifacts, 'runs', run, 'journal.jsonl');
  const start = readJournal(path).find((entry) => entry.type === 'run-started');
  const journal = openJournal(path);
  if (what === 'begins' && start !== undefined) journal.append({ ...start, owner: thisProcess() });
  else journal.append({ type: 'run-finished', run, seconds: 1, summary: {} });
  journal.close();
}

describe('deleting runs', () => {
  beforeAll(async () => {
    await prepare('kept');
    await prepare('gone', 'model.max_seq_length=20');
    await prepare('gone-too', 'model.max_seq_length=20', 'split.seed=5');
  });

  it('finds what no other run uses in the cache', () => {
    expect(stages()).toEqual([
      'examples: gone,gone-too,kept',
      'split: gone,kept',
      'split: gone-too',
      'tokenize: gone,gone-too',
      'tokenize: kept',
    ]);
    const alone = (...runs: readonly string[]): readonly string[] =>
      deletionOf(artifacts, runs)
        .items.map(({ stage, runs: users }) => `${stage}: ${users.join()}`)
        .sort();
    expect(alone('gone')).toEqual([]);
    expect(alone('gone', 'gone-too')).toEqual(['split: gone-too', 'tokenize: gone,gone-too']);
    expect(deletionOf(artifacts, ['gone', 'gone']).runs).toMatchObject([
      { name: 'gone', status: 'done', folder: join(artifacts, 'runs', 'gone') },
    ]);
  });

  it('is refused for a run that is at work, until it ends', async () => {
    tell('gone', 'begins');
    const shown = deletionOf(artifacts, ['kept']);
    expect(() => deletionOf(artifacts, ['kept', 'gone'])).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(`gone is at work, in process ${process.pid}`) as string }),
    );
    tell('kept', 'begins');
    await expect(deleteRuns(artifacts, shown)).rejects.toThrow(/kept is at work/);
    tell('kept', 'ends');
    tell('gone', 'ends');
    expect(deletionOf(artifacts, ['kept', 'gone']).runs).toHaveLength(2);
    expect(names()).toEqual(['gone', 'gone-too', 'kept']);
  });

  it('is refused for what is not a run of this artifacts folder', () => {
    expect(() => deletionOf(join(artifacts, 'other'), [join(artifacts, 'runs', 'kept')])).toThrow(/is not in/);
    expect(() => deletionOf(artifacts, ['kep'])).toThrow(expect.objectContaining({ code: 'usage', remedy: 'Did you mean kept?' }));
  });

  it('has to be agreed to, and shows before what goes', async () => {
    const remove = (...flags: readonly string[]): ReturnType<typeof pipeline> =>
      pipeline(['delete', 'gone', '--artifacts', artifacts, ...flags]);
    const unasked = await remove();
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toContain('1 run would be deleted for good: gone');
    const dry = await remove('--dry-run');
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringMatching(/gone +done +[\d.]+ k?B +.*gone\/\n1 run would be deleted/)]);
    expect(names()).toContain('gone');
    const done = await remove('--yes', '--json');
    expect(JSON.parse(done.stdout)).toMatchObject({ deleted: [{ name: 'gone' }], removed: [], kept: [] });
    expect(names()).toEqual(['gone-too', 'kept']);
  });

  it('takes with it what only they use, and nothing of another run', async () => {
    const { stdout } = await pipeline(['delete', 'gone-too', '--artifacts', artifacts, '--dry-run']);
    expect(stdout).toMatch(/2 items, .* that no other run uses stay in the cache/);
    const { code } = await pipeline(['delete', 'gone-too', '--artifacts', artifacts, '--with-cache', '--yes']);
    expect(code).toBe(0);
    expect(existsSync(join(artifacts, 'runs', 'gone-too'))).toBe(false);
    expect(stages()).toHaveLength(3);
    expect(await prepare('kept')).toEqual([]);
    expect(await prepare('gone', 'model.max_seq_length=20')).toEqual(['tokenize']);
  });
});
