import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { onnxruntimeVersion } from '../src/engine/runtime/installed.ts';
import type { Python } from './python.ts';

/** Where and with what a figure was measured: two lines of Markdown. */
export function machineLines(threads: number, versions: Python['versions'] | undefined): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; ${process.platform} ${process.arch}; ${threads} threads.`;
  const ours = `ortrain ${version} (${commit()}), Node ${process.versions.node}, onnxruntime-node ${onnxruntimeVersion()}`;
  const theirs =
    versions === undefined ? '' : `; Python ${versions.python}, torch ${versions.torch}, transformers ${versions.transformers}`;
  return `${machine}\n${ours}${theirs}.`;
}

/** The checkout's commit, with a + where files differ from it. */
function commit(): string {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: new URL('.', import.meta.url), encoding: 'utf8' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', '../src') === '' ? '' : '+');
  } catch {
    return 'no git checkout';
  }
}
