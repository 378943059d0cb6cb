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
function checked(...args: readonly string[]): readonly Line[] {
  const out = join(mkdtempSync(join(tmpdir(), 'gpu-check-')), 'lines.jsonl');
  const { status, stdout, stderr } = spawnSync('npm', ['run', '-s', 'gpu-check', '--', '--out', out, ...args], {
    encoding: 'utf8',
    env: { ...process.env, GPU_CHECK_REHEARSAL: '1' },
  });
  expect(status, stdout + stderr).toBe(0);
  return readFileSync(out, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Line);
}

test('the GPU check trains, times, profiles and resumes, and writes a line for each', () => {
  const lines = checked('--seconds', '280', '--parts', 'machine,on cuda float32,step cuda bfloat16,profile with,quickstart,resume');
  expect(lines.filter(({ ok }) => !ok)).toEqual([]);
  const figures = new Map(lines.map(({ part, figures: found }) => [part, found]));
  expect(figures.get('equal to the cpu on cuda float32')).toMatchObject({ losses: expect.any(Number) });
  expect(figures.get('step cuda bfloat16 tiny 8x16')).toMatchObject({ step_ms: expect.any(Number), steps_per_run: expect.any(Number) });
  expect(figures.get('profile with launches waited for tiny 8x16')?.['operators']).toEqual(
    expect.arrayContaining([[expect.stringMatching(/^(Gemm|MatMul|FusedMatMul) on CPU$/), expect.any(Number), expect.any(Number)]]),
  );
  expect(figures.get('resume after kill')).toMatchObject({ killed_after_checkpoint: true });
});

test('time that is up leaves what was done', () => {
  expect(checked('--seconds', '8').map(({ part }) => part).slice(0, 1)).toEqual(['machine']);
});
