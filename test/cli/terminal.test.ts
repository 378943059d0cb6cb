import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJournal } from '../../src/tracking/journal.ts';
import { twoClassRows, writeEvaluatedRun } from '../helpers/evaluated-run.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { because } from '../helpers/skips.ts';
import { bin, pipeline, root } from './bin.ts';

/** Clears the screen, rings, sets the title, hides what follows, turns the line round. */
const POISON = '\u001b[2J\u0007\u001b]0;title\u0007\u001b[8m\u009b1A\u202e\r';
const LIVE = /[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/u;

const artifacts = temporaryFolder();
const folder = writeEvaluatedRun(artifacts, {
  name: 'poisoned',
  classes: ['0', '1'],
  rows: twoClassRows(24, 2, (row) => row % 5 === 0),
  scores: [[0.6, 0.8], [0.7, 0.75]],
  change: (experiment) => ({ ...experiment, model: { ...experiment.model, base: `model${POISON}` } }),
});
mkdirSync(join(folder, `figures${POISON}`), { recursive: true });
const journal = openJournal(join(folder, 'journal.jsonl'));
const who = { run: 'poisoned', task: `train[0]${POISON}`, stage: 'train', fold: 0 } as const;
journal.append({ type: 'task-event', ...who, event: { type: 'decision', epoch: 1, kind: 'stopped', message: `no better${POISON}` } });
journal.append({ type: 'run-failed', run: 'poisoned', seconds: 1, error: `failed${POISON}`, interrupted: false });
journal.close();

describe('control characters of files', () => {
  it('are what this looks for', () => expect(LIVE.test(POISON) && LIVE.test('\u202e') && !LIVE.test('a\tb\n')).toBe(true));

  it.each([
    [['show', 'poisoned'], 'no better'],
    [['runs'], 'model'],
    [['compare', 'poisoned', 'poisoned'], 'verdict'],
    [['show', `nothing${POISON}`], 'there is no run nothing'],
    [['check', `configs/nothing${POISON}.yaml`], 'does not exist'],
    [['run', 'configs/quickstart.yaml', '--set', `data.text=a${POISON}`, '--set', `trainig.x=${POISON}`], 'no key trainig'],
    [['predict', '--run', 'poisoned', '--input', `x${POISON}.csv`], 'cannot be read'],
    [['export', '--run', 'poisoned', '--to', `${POISON}`], ''],
    [[`verb${POISON}`], 'unknown command'],
  ])('do not reach the screen: %j', async (args, text) => {
    const { stdout, stderr } = await pipeline([...args, '--artifacts', artifacts]);
    expect(stdout + stderr).toContain(text);
    expect(LIVE.exec(stdout + stderr)).toBeNull();
  });
});

describe.skipIf(because('standard output on a full disk (it needs /dev/full)', process.platform !== 'linux'))(
  'standard output on a full disk',
  () => {
    it('is told in a sentence, with exit code 1', () => {
      const full = openSync('/dev/full', 'w');
      const { status, stderr } = spawnSync(process.execPath, [bin, 'schema'], {
        cwd: root,
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      });
      closeSync(full);
      expect([status, stderr]).toEqual([1, expect.stringMatching(/^error: standard output: the disk is full\n/)]);
    });
  },
);
