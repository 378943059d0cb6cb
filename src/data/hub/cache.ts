import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { readInput } from '../../core/inputs.ts';
import { withoutEnd } from '../../core/text.ts';

/** Where and how to fetch, from the environment variables that all of Hugging Face's tools read. */
export interface HubSettings {
  readonly endpoint: string;
  /** The folder of all cached repositories. */
  readonly cache: string;
  readonly token: string | undefined;
  readonly offline: boolean;
}

/** An empty variable counts as unset. */
export function hubSettings(env: NodeJS.ProcessEnv): HubSettings {
  const home = env['HF_HOME'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'huggingface');
  return {
    endpoint: checkedEndpoint(env['HF_ENDPOINT'] || 'https://huggingface.co'),
    cache: env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(home, 'hub'),
    token: env['HF_TOKEN'] || readText(env['HF_TOKEN_PATH'] || join(home, 'token')) || undefined,
    offline: /^(1|on|yes|true)$/i.test(env['HF_HUB_OFFLINE'] ?? ''),
  };
}

/** http or https, a path of a mirror behind it, and nothing else. */
function checkedEndpoint(address: string): string {
  const url = URL.canParse(address.trim()) ? new URL(address.trim()) : undefined;
  const wrong = (what: string, remedy: string): OrtrainError =>
    new OrtrainError('environment', `the address in HF_ENDPOINT ${what}`, { subject: 'HF_ENDPOINT', remedy });
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw wrong(
      'is not that of a hub, which begins with https:// or http://',
      'Give an address such as https://huggingface.co, or unset it.',
    );
  if (url.username !== '' || url.password !== '')
    throw wrong('holds a user or password, which are not sent to a hub', 'Give the address without them, and the token in HF_TOKEN.');
  if (url.search !== '' || url.hash !== '')
    throw wrong('has parameters behind a ? or #, which are not sent to a hub', 'Give the address without them, and the token in HF_TOKEN.');
  return withoutEnd(`${url.origin}${url.pathname}`, '/');
}

/** The folder of a repository: `blobs` hold contents by hash, `snapshots/<commit>` links to them by name, `refs/<branch>` commits. */
export function repositoryFolder(cache: string, name: string): string {
  return join(cache, `models--${name.replace('/', '--')}`);
}

/** The folder of a revision, complete or not; undefined where the cache does not know the revision's commit. */
export function cachedSnapshot(name: string, revision: string, cache: string): string | undefined {
  const repository = repositoryFolder(cache, name);
  const commit = isCommit(revision) ? revision : readText(refPath(repository, revision));
  return commit === undefined || !isFolderName(commit) ? undefined : join(repository, 'snapshots', commit);
}

/** Where the commit of a branch or tag stands. Branches may have slashes, but none that would lead out of the folder. */
export function refPath(repository: string, revision: string): string {
  if (revision !== '' && revision.split('/').every(isFolderName)) return join(repository, 'refs', revision);
  throw new OrtrainError('config', `model.revision ${JSON.stringify(revision)} cannot be the name of a branch, a tag or a commit`, {
    subject: 'model.revision',
  });
}

/** Whether a text can name a folder, and only in the folder where it is put. */
export function isFolderName(name: string): boolean {
  return /^\w[\w.+@-]{0,199}$/.test(name);
}

/** Whether a revision is a commit, which never changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** A token or a commit needs far less. */
const MOST_BYTES = 2 ** 16;

function readText(path: string): string | undefined {
  return existsSync(path) ? readInput(path, MOST_BYTES).toString('utf8').trim() : undefined;
}
