import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

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
    endpoint: (env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, ''),
    cache: env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(home, 'hub'),
    token: env['HF_TOKEN'] || readText(env['HF_TOKEN_PATH'] || join(home, 'token')) || undefined,
    offline: /^(1|on|yes|true)$/i.test(env['HF_HUB_OFFLINE'] ?? ''),
  };
}

/** The folder of a repository: `blobs` hold contents by hash, `snapshots/<commit>` links to them by name, `refs/<branch>` commits. */
export function repositoryFolder(cache: string, name: string): string {
  return join(cache, `models--${name.replace('/', '--')}`);
}

/** The folder of a revision, complete or not; undefined where the cache does not know the revision's commit. */
export function cachedSnapshot(name: string, revision: string, cache: string): string | undefined {
  const repository = repositoryFolder(cache, name);
  const commit = isCommit(revision) ? revision : readText(join(repository, 'refs', revision));
  return commit === undefined ? undefined : join(repository, 'snapshots', commit);
}

/** Whether a revision is a commit, which never changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
