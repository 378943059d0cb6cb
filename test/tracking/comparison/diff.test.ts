import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../src/core/environment.ts';
import { readEvaluatedRun } from '../../../src/tracking/evaluated-run.ts';
import { diffRuns, type RunDiff } from '../../../src/tracking/comparison/diff.ts';
import { twoClassRows, writeEvaluatedRun, type Scripted } from '../../helpers/evaluated-run.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const root = temporaryFolder();
const rows = (wrong: number): Scripted['rows'] => twoClassRows(40, 2, (row) => row % wrong === 0);

function write(
  name: string,
  wrong: number,
  surroundings: (environment: Environment) => Environment = (same) => same,
  change?: Scripted['change'],
): string {
  const folder = writeEvaluatedRun(root, {
    name,
    classes: ['0', '1'],
    rows: rows(wrong),
    scores: [[0.8], [0.7]],
    ...(change === undefined ? {} : { change }),
  });
  const path = join(folder, 'environment.json');
  writeFileSync(path, JSON.stringify(surroundings(JSON.parse(readFileSync(path, 'utf8')) as Environment)));
  return folder;
}

const first = write('first', 10);
const diff = async (folder: string): Promise<RunDiff> => diffRuns(await readEvaluatedRun(first), await readEvaluatedRun(folder));

describe('the difference of two runs', () => {
  it('is none where the results are the same bytes', async () => {
    const { parameters, data, environment, results, why } = await diff(
      write('same', 10, (environment) => ({ ...environment, threads: 1 })),
    );
    expect([parameters, data, environment]).toEqual([{}, {}, { threads: [2, 1] }]);
    expect(results).toMatchObject([{ path: 'oof.csv', same: true }]);
    expect(why).toEqual(['every result that both have is the same to the byte']);
  });

  it('names threads, versions, machine and device as what may have made the results different', async () => {
    const other = (environment: Environment): Environment => ({
      ...environment,
      threads: 4,
      device: 'webgpu',
      versions: { ...environment.versions, node: '20.1.0', onnxruntime: '1.29.0' },
      machine: { ...environment.machine, cpu: 'another processor', memoryBytes: 4e9 },
      commandLine: ['pipeline', 'run', 'y.yaml'],
    });
    const { environment, results, why } = await diff(write('elsewhere', 5, other));
    expect(results).toMatchObject([{ path: 'oof.csv', same: false }]);
    expect(Object.keys(environment).sort()).toEqual([
      'commandLine',
      'device',
      'machine.cpu',
      'machine.memoryBytes',
      'threads',
      'versions.node',
      'versions.onnxruntime',
    ]);
    expect(why).toEqual([
      'oof.csv differs',
      'versions.node was 20.0.0 and 20.1.0',
      'machine.cpu was a processor and another processor',
      'device was cpu and webgpu',
      'threads was 2 and 4',
      'versions.onnxruntime was not recorded and 1.29.0',
    ]);
  });

  it('names the parameters that decide results, and the data', async () => {
    const change: Scripted['change'] = (experiment) => ({ ...experiment, seed: 7, tracking: { ...experiment.tracking, log_every: 3 } });
    const { parameters, data, why } = await diff(
      write('asked', 5, (environment) => ({ ...environment, data: { '/elsewhere/train.csv': 'abc' } }), change),
    );
    expect(parameters).toEqual({ seed: [42, 7], 'tracking.log_every': [10, 3] });
    expect(data).toEqual({ 'train.csv': [expect.stringMatching(/^[0-9a-f]{64}$/), 'abc'] });
    expect(why).toEqual(['oof.csv differs', 'the configuration is another: seed', 'the data are other: train.csv']);
  });

  it('says so where nothing explains it', async () => {
    expect((await diff(write('strange', 5))).why).toEqual([
      'oof.csv differs',
      'nothing that is recorded distinguishes them, so they should be the same',
    ]);
  });
});
