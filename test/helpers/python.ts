import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';

/** A Python that has torch and transformers: the one that ORTRAIN_PYTHON names, or that of the benchmark's environment. */
function python(): string | undefined {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ortrain');
  const environments = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('bench-')) : [];
  const candidates = [process.env['ORTRAIN_PYTHON'] ?? '', ...environments.map((name) => join(cache, name, 'bin', 'python'))];
  return candidates.find((path) => existsSync(path) && spawnSync(path, ['-c', 'import importlib.util as u, sys; sys.exit(u.find_spec("transformers") is None or u.find_spec("torch") is None)']).status === 0);
}

/** `describe` for tests against Hugging Face's Python library; where that is absent they are skipped, with the reason printed. */
export function describePython(name: string, body: (run: (program: string, ...args: readonly string[]) => unknown) => void): void {
  const path = python();
  if (path !== undefined) return void describe(name, () => body((program, ...args) => answer(path, program, args)));
  console.warn(`skipped: ${name} (needs Python with torch and transformers; npm run bench makes one, or name it in ORTRAIN_PYTHON)`);
  describe.skip(name, () => it('needs Python', () => {}));
}

/** Runs a program that prints one JSON document. */
function answer(path: string, program: string, args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(path, ['-c', program, ...args], { encoding: 'utf8', env: { ...process.env, HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1' } });
  if (status !== 0) throw new Error(`Python failed:\n${stderr}`);
  return JSON.parse(stdout);
}
