// `npm run build`: dist/ with the compiled sources and their types, as the package ships it.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

// `npm pack` in a fresh clone comes before anything is installed.
if (!existsSync(join(root, 'node_modules/esbuild'))) run('npm', 'ci');
const { compile } = await import('./compile.js');
rmSync(join(root, 'dist'), { recursive: true, force: true });
await compile(root, join(root, 'dist'));
run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json');

function run(command, ...args) {
  // What is printed goes to stderr: `npm pack --json` has stdout for itself.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
