import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveBegun, results, resultsOfOneProcess, smallSweep, start, until } from '../helpers/launched-sweep.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { because } from '../helpers/skips.ts';
import { startSlurm, whyNoSlurm, type SlurmCluster } from '../helpers/slurm.ts';

const folder = temporaryFolder();
const sweep = smallSweep(folder);
let expected: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  expected = await resultsOfOneProcess(sweep, join(folder, 'one'));
}, 280_000);

const noSlurm = whyNoSlurm();

describe.skipIf(because(`workers that Slurm starts (${noSlurm})`, noSlurm !== undefined))('workers that Slurm starts', () => {
  let slurm: SlurmCluster;
  beforeAll(async () => {
    slurm = await startSlurm(join(folder, 'slurm'), 2);
  });
  afterAll(() => slurm?.stop());

  it('one that is cancelled, and a node that is put down, lose nothing', async () => {
    const artifacts = join(folder, 'by-slurm');
    const command = start(['sweep', sweep, '--artifacts', artifacts, '--launch', 'slurm', '--workers', '2'], slurm.env);
    await until(() => haveBegun(artifacts, 1), command);
    const [first = '', second = ''] = slurm.ask('squeue', '-h', '-r', '-o', '%i %N').trim().split('\n');
    slurm.ask('scancel', first.split(' ')[0] ?? '');
    await until(() => haveBegun(artifacts, 3), command);
    slurm.ask('scontrol', 'update', `nodename=${second.split(' ')[1] ?? 'n2'}`, 'state=down', 'reason=test');
    expect(await command.ended, command.text()).toBe(0);
    expect(results(artifacts)).toEqual(expected);
  });
});
