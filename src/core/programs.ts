import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * Other programs. The folder that a command works in may be a stranger's: nothing in it is started, and programs that read
 * configurations from it are told to carry none of them out.
 */

/** Where a program is: in a folder of PATH that does not depend on the working directory, nor on packages that lie in it. */
export function findProgram(name: string, env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const folders = (env['PATH'] ?? env['Path'] ?? '')
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && !/[\\/]node_modules[\\/]\.bin[\\/]?$/.test(folder));
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  return folders.flatMap((folder) => endings.map((ending) => join(folder, `${name}${ending}`))).find(isProgram);
}

/** The commit of a folder and whether files differ from it; null where there is none, or git does not tell in time. */
export function gitState(folder: string): { readonly commit: string; readonly dirty: boolean } | null {
  const git = findProgram('git');
  if (git === undefined) return null;
  try {
    const commit = ask(git, folder, ['rev-parse', '--verify', 'HEAD']);
    // A filter is a program that git would start to compare a file.
    const filters = ask(git, folder, ['config', '--name-only', '--list'])
      .split('\n')
      .filter((key) => /^filter\..+\.(clean|smudge|process|required)$/.test(key));
    const without = new Set(filters);
    const words = ['status', '--porcelain', '--untracked-files=normal', '--ignore-submodules=all'];
    return { commit, dirty: ask(git, folder, words, [...without].map(withoutFilter)) !== '' };
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

const QUIET = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_PAGER: 'cat',
  GIT_EXTERNAL_DIFF: '',
};

/** The state of a large working tree may take longer; a run does not wait for it. */
const PATIENCE_MS = 10_000;
const MOST_BYTES = 1 << 26;

type Setting = readonly [key: string, value: string];

function withoutFilter(key: string): Setting {
  return [key, key.endsWith('.required') ? 'false' : ''];
}

function ask(git: string, cwd: string, words: readonly string[], more: readonly Setting[] = []): string {
  return execFileSync(git, ['--no-pager', '--no-optional-locks', ...words], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...QUIET, ...settings([...Object.entries(HARMLESS), ...more]) },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MOST_BYTES,
    windowsHide: true,
  }).trim();
}

/** In variables and not as `-c key=value`, because the name of a filter may have a `=` in it. */
function settings(pairs: readonly Setting[]): Readonly<Record<string, string>> {
  const given = Number(process.env['GIT_CONFIG_COUNT'] ?? 0) || 0;
  const numbered = pairs.flatMap(([key, value], i) => [[`GIT_CONFIG_KEY_${given + i}`, key], [`GIT_CONFIG_VALUE_${given + i}`, value]]);
  return { ...Object.fromEntries(numbered), GIT_CONFIG_COUNT: String(given + pairs.length) };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
