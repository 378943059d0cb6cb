import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { node, root } from '../cli/bin.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

const folder = join(root, 'examples/own-graph');
const run = (...args: readonly string[]): ReturnType<typeof node> => node(['--conditions=ortrain-source', '--import', 'tsx', ...args]);

describe('the example with a network of one’s own', () => {
  it('learns the spirals', async () => {
    const { code, stdout, stderr } = await run(join(folder, 'fit.ts'));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) =>
        line
          .match(/step +(\d+) +loss ([\d.]+) +accuracy on unseen points ([\d.]+)/)
          ?.slice(1)
          .map(Number),
      );
    expect(lines.map((line) => line?.[0])).toEqual([1, 100, 200, 300, 400]);
    expect(lines[0]?.[2]).toBeLessThan(0.8);
    expect(lines[4]?.[1]).toBeLessThan(0.1);
    expect(lines[4]?.[2]).toBeGreaterThan(0.95);
  });

  it('has the file that its script writes', async () => {
    const copy = join(temporaryFolder(), 'mlp.onnx');
    expect((await run(join(folder, 'make-model.ts'), copy)).code).toBe(0);
    expect(readFileSync(copy).equals(readFileSync(join(folder, 'mlp.onnx')))).toBe(true);
  });
});
