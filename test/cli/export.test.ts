import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { pipeline } from './bin.ts';

const artifacts = temporaryFolder();
const quick = [
  'configs/quickstart.yaml',
  '--artifacts',
  artifacts,
  '--set',
  'split.folds=2',
  '--set',
  'training.epochs=1',
  '--set',
  'resources.threads=1',
];
const to = join(artifacts, 'exported');

describe('pipeline export', () => {
  it('says where the model is and what it costs to make it smaller', async () => {
    await pipeline(['run', ...quick, '--until', 'evaluate', '--quiet']);
    const { code, stdout, stderr } = await pipeline([
      'export',
      '--run',
      'quickstart',
      '--to',
      to,
      '--quantize',
      'int8',
      '--fold',
      '1',
      '--artifacts',
      artifacts,
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(`fold 1 of quickstart is in ${to}`);
    expect(stdout).toMatch(/onnx\/model\.onnx +float32 +1\.2 MB +0\.\d{4} +0\.\d{4} +\d\.\de-\d/);
    expect(stdout).toMatch(/onnx\/model_quantized\.onnx +int8 +\d+ kB/);
    expect(stdout).toContain("measured on the fold's 450 validation rows");
    expect(readFileSync(join(to, 'onnx/model_quantized.onnx')).byteLength).toBeGreaterThan(100_000);
  });

  it.each([
    ['a run that is not', ['--run', 'quickstar', '--to', `${to}-2`], /Did you mean quickstart/],
    ['a folder that is', ['--run', 'quickstart', '--to', to], /is there already/],
    ['a fold that is no number', ['--run', 'quickstart', '--to', `${to}-2`, '--fold', 'two'], /--fold/],
    [
      'a precision that its format has not',
      ['--run', 'quickstart', '--to', `${to}-2`, '--format', 'huggingface', '--dtype', 'float16'],
      /are for --format onnx/,
    ],
  ])('is refused with exit code 2: %s', async (_, args, message) => {
    const { code, stdout, stderr } = await pipeline(['export', ...args, '--artifacts', artifacts]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(existsSync(`${to}-2`)).toBe(false);
  });
});
