// Writes the GPU check as one module, whose packages are found from where it lies: `node tools/gpu/bundle.js FILE`; without FILE it goes into the
// checkout and is run there, with the arguments given after `--`. Plain JavaScript, because it runs before anything is compiled.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string} file the module to write; pytorch.py is put beside it */
async function bundle(file) {
  await build({
    entryPoints: [join(root, 'tools/gpu/check/main.ts')],
    outfile: file,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'warning',
  });
  cpSync(join(root, 'tools/gpu/check/pytorch.py'), join(dirname(file), 'pytorch.py'));
}

/** Reference data beside the checkout, under the names that the check knows. */
function dataFolder(scratch) {
  const shared = join(root, '../shared');
  const places = { oracles: 'oracles', tweets: 'data/disaster-tweets', tokenizer: 'models/bert-base-uncased-tokenizer', minilm: 'models/all-MiniLM-L6-v2' };
  for (const [name, place] of Object.entries(places)) if (existsSync(join(shared, place))) symlinkSync(join(shared, place), join(scratch, name));
  return scratch;
}

const [first, ...rest] = process.argv.slice(2);
if (first !== undefined && !first.startsWith('-')) await bundle(first);
else {
  const file = join(root, 'node_modules/.cache/ortrain/gpu-check/check.mjs');
  await bundle(file);
  const data = dataFolder(mkdtempSync(join(root, 'node_modules/.cache/ortrain/gpu-check/data-')));
  const args = [first, ...rest].filter((arg) => arg !== undefined && arg !== '--');
  const { status } = spawnSync(process.execPath, [file, '--home', root, '--data', data, ...args], { stdio: 'inherit' });
  rmSync(data, { recursive: true });
  process.exitCode = status ?? 1;
}
