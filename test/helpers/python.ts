import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { root } from './quickstart.ts';

/** `describe` for tests against Hugging Face's Python library; where that is absent they are skipped, with the reason printed. */
export function describePython(name: string, body: (run: (program: string, ...args: readonly string[]) => unknown) => void): void {
  const { status, stdout, stderr } = spawnSync('bash', [join(root, 'tools/python/install.sh'), '--find'], { encoding: 'utf8' });
  if (status === 0) return void describe(name, () => body((program, ...args) => answer(stdout.trim(), program, args)));
  console.warn(`skipped: ${name} (needs Python with torch and transformers. ${(stderr ?? '').trim()})`);
  describe.skip(name, () => it('needs Python', () => {}));
}

/** Runs a program that prints one JSON document. */
function answer(path: string, program: string, args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(path, ['-c', program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1' },
  });
  if (status !== 0) throw new Error(`Python failed:\n${stderr}`);
  return JSON.parse(stdout);
}
