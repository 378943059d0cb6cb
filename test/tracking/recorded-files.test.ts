import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/hash.ts';
import { listRuns, readRun } from '../../src/runner/stored/index.ts';
import { diffRuns } from '../../src/tracking/comparison/diff.ts';
import { openJournal } from '../../src/tracking/journal.ts';
import { recordedFiles } from '../../src/tracking/recorded-files.ts';
import { readEvaluatedRun } from '../../src/tracking/evaluated-run.ts';
import { flipBit } from '../helpers/damage.ts';
import { twoClassRows, writeEvaluatedRun } from '../helpers/evaluated-run.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

const root = temporaryFolder();
const rows = twoClassRows(40, 2, (row) => row % 5 === 0);

/** Writes an evaluated run whose journal knows its results. */
function written(name: string): string {
  rmSync(join(root, 'runs', name), { recursive: true, force: true });
  const folder = writeEvaluatedRun(root, { name, classes: ['0', '1'], rows, scores: [[0.5], [0.6]] });
  record(folder, 'metrics.json', 'oof.csv', 'config.yaml');
  return folder;
}

function record(folder: string, ...paths: readonly string[]): void {
  const journal = openJournal(join(folder, 'journal.jsonl'));
  for (const path of paths) {
    const content = readFileSync(join(folder, path));
    journal.append({ type: 'artifact', run: 'one', path, bytes: content.byteLength, sha256: sha256(content) });
  }
  journal.close();
}

describe('results that a run has left', () => {
  let folder: string;
  beforeEach(() => {
    folder = written('one');
  });

  it.each(['metrics.json', 'oof.csv', 'config.yaml'])(
    'are not compared once one bit of %s has changed, at the same size and time',
    async (name) => {
      expect((await readEvaluatedRun(folder)).name).toBe('one');
      flipBit(join(folder, name));
      await expect(readEvaluatedRun(folder)).rejects.toMatchObject({
        code: 'data',
        message: `${join(folder, name)} was changed after the run wrote it`,
      });
    },
  );

  it('are not listed as if they were true', () => {
    const status = (): string | undefined => listRuns(root).find(({ name }) => name === 'one')?.status;
    expect(status()).toBe('running');
    flipBit(join(folder, 'metrics.json'));
    expect(status()).toBe('damaged');
  });

  it('are what the last line about them says', async () => {
    flipBit(join(folder, 'oof.csv'), 6);
    await expect(readEvaluatedRun(folder)).rejects.toThrow('oof.csv was changed');
    record(folder, 'oof.csv');
    expect(recordedFiles(folder).get('oof.csv')?.sha256).toBe(sha256(readFileSync(join(folder, 'oof.csv'))));
    await expect(readEvaluatedRun(folder)).rejects.toThrow('its columns are not');
  });

  it('are told from what another run computed', async () => {
    written('two');
    const diff = async (): Promise<readonly string[]> => (await diffRuns(readRun(root, 'one'), readRun(root, 'two'))).why;
    expect(await diff()).not.toContain('oof.csv of one was changed after the run wrote it');
    flipBit(join(folder, 'oof.csv'));
    expect(await diff()).toContain('oof.csv of one was changed after the run wrote it');
  });
});
