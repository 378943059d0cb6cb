import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * Other programs. The folder that a command works in may be a stranger's: nothing in it is started, and programs that read
 * configurations from it are told to carry none of them out.
 */

/** Where a program is: in a folder of PATH that does not depend on the working directory, nor on packages that lie in it. */
export function findProgram(name: string, env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder) && !/[\\/]node_modules[\\/]\.bin[\\/]?$/.test(folder));
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  return folders.flatMap((folder) => endings.map((ending) => join(folder, `${name}${ending}`))).find(isProgram);
}

/** The commit of the working directory and whether files differ from it; null where there is none, or git does not tell in time. */
export function gitState(): { readonly commit: string; readonly dirty: boolean } | null {
  const git = findProgram('git');
  if (git === undefined) return null;
  try {
    const commit = ask(git, ['rev-parse', '--verify', 'HEAD']);
    // A filter is a program that git would start to compare a file.
    const filters = ask(git, ['config', '--name-only', '--list'])
      .split('\n')
      .filter((key) => /^filter\..+\.(clean|smudge|process|required)$/.test(key));
    const without = [...new Set(filters)].flatMap((key) => ['-c', `${key}=${key.endsWith('.required') ? 'false' : ''}`]);
    return { commit, dirty: ask(git, [...without, 'status', '--porcelain', '--untracked-files=normal', '--ignore-submodules=all']) !== '' };
  } catch {
    return null;
  }
}

/** Of a repository that is not to be trusted: no monitor, hook, pager, diff program, and nothing fetched. */
const HARMLESS: Readonly<Record<string, string>> = {
  'core.fsmonitor': 'false',
  'core.hooksPath': process.platform === 'win32' ? 'NUL' : '/dev/null',
  'core.pager': 'cat',
  'core.sshCommand': 'false',
  'core.askPass': 'false',
  'core.untrackedCache': 'keep',
  'diff.external': '',
  'protocol.allow': 'never',
  'safe.bareRepository': 'explicit',
  'status.submoduleSummary': 'false',
  'submodule.recurse': 'false',
};

const QUIET = { GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none', GIT_PAGER: 'cat', GIT_EXTERNAL_DIFF: '' };

/** The state of a large working tree may take longer; a run does not wait for it. */
const PATIENCE_MS = 10_000;
const MOST_BYTES = 1 << 26;

function ask(git: string, words: readonly string[]): string {
  const harmless = Object.entries(HARMLESS).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  return execFileSync(git, ['--no-pager', '--no-optional-locks', ...harmless, ...words], {
    encoding: 'utf8',
    env: { ...process.env, ...QUIET },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MOST_BYTES,
    windowsHide: true,
  }).trim();
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
