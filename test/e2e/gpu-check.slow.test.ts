import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Line {
  readonly part: string;
  readonly ok: boolean;
  readonly figures: Readonly<Record<string, unknown>>;
}

/** The check as it is started on a machine with a GPU; here the CPU provider stands in for CUDA. */
function checked(...args: readonly string[]): { readonly status: number | null; readonly said: string; readonly lines: readonly Line[] } {
  const out = join(mkdtempSync(join(tmpdir(), 'gpu-check-')), 'lines.jsonl');
  const { status, stdout, stderr } = spawnSync('npm', ['run', '-s', 'gpu-check', '--', '--out', out, ...args], {
    encoding: 'utf8',
    env: { ...process.env, GPU_CHECK_REHEARSAL: '1' },
  });
  const lines = readFileSync(out, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Line);
  return { status, said: stdout + stderr, lines };
}

test('the GPU check trains, times, profiles and resumes, and writes a line for each', () => {
  const { status, said, lines } = checked('--seconds', '280', '--parts', 'machine,on cuda float32,step cuda bfloat16,profile with,quickstart,resume');
  expect(lines.filter(({ ok }) => !ok)).toEqual([]);
  expect(status, said).toBe(0);
  const figures = new Map(lines.map(({ part, figures: found }) => [part, found]));
  expect(figures.get('equal to the cpu on cuda float32')).toMatchObject({ losses: expect.any(Number) });
  expect(figures.get('step cuda bfloat16 tiny 8x16')).toMatchObject({ step_ms: expect.any(Number), steps_per_run: expect.any(Number) });
  expect(figures.get('profile with launches waited for tiny 8x16')?.['operators']).toEqual(
    expect.arrayContaining([[expect.stringMatching(/^(Gemm|MatMul|FusedMatMul) on CPU$/), expect.any(Number), expect.any(Number)]]),
  );
  expect(figures.get('resume after kill')).toMatchObject({
    killed_after_checkpoint: true,
    rehearsal: 'compares the CPU with itself',
  });
});

test('a part that fails makes the check fail, and time that is up leaves what was done', () => {
  // Nothing is unpacked there, so the quickstart cannot start.
  const { status, said, lines } = checked('--seconds', '30', '--parts', 'machine,quickstart', '--home', tmpdir());
  expect(lines).toMatchObject([
    { part: 'machine', ok: true },
    { part: 'quickstart', ok: false, figures: { error: expect.stringContaining('bin/pipeline.js') as string } },
  ]);
  expect(status, said).toBe(1);
  const short = checked('--seconds', '5.1', '--parts', 'machine,on cuda float32');
  expect(short.lines.map(({ part }) => part)).toEqual(['machine']);
  expect([short.status, short.said]).toEqual([0, expect.stringContaining('time is up before: equal to the cpu on cuda float32')]);
});
