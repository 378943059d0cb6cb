import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { reasonOf } from '../../core/answers.ts';
import { interrupted, OrtrainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { withoutSecrets } from '../../core/secrets.ts';
import type { HubSettings } from './cache.ts';
import { checkedToken } from './client.ts';

/** A model repository to write to, and what lets us. */
export interface HubTarget {
  /** `<owner>/<name>` */
  readonly repository: string;
  readonly endpoint: string;
  readonly token: string;
}

/** The commit that an upload made. */
export interface Uploaded {
  readonly repository: string;
  /** The page of the repository. */
  readonly url: string;
  readonly commit: string;
  /** Whether the repository was there before; who can see it then stays as it was. */
  readonly existed: boolean;
}

/**
 * Where a folder is to go, looked at before anything is made. Throws a usage error for what is no repository's name, an `environment`
 * error without a token.
 */
export function hubTarget(repository: string, { endpoint, token, offline }: HubSettings): HubTarget {
  if (!/^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/.test(repository) || /--|\.\.|\.git$/.test(repository))
    throw new OrtrainError('usage', `${JSON.stringify(repository)} is not the name of a repository on the hub`, {
      subject: '--push',
      remedy: 'Name it with its owner, a user or an organization: --push my-name/my-model',
    });
  if (offline)
    throw new OrtrainError('environment', 'HF_HUB_OFFLINE is set, and a push needs the hub', {
      subject: 'HF_HUB_OFFLINE',
      remedy: 'Unset it, or leave --push out.',
    });
  if (token === undefined)
    throw new OrtrainError('environment', 'a push needs an access token of the hub, and there is none', {
      subject: 'HF_TOKEN',
      remedy: `Make one with the right to write at ${endpoint}/settings/tokens and set HF_TOKEN to it.`,
    });
  return { repository, endpoint, token: checkedToken(token) };
}

/**
 * Makes a model repository, private unless `isPublic`, where it is not there yet, and commits all files of a folder to it, as one commit.
 * Files of the repository that the folder does not have stay. Throws an `environment` error where the hub refuses or cannot be reached.
 */
export async function uploadFolder(
  folder: string,
  target: HubTarget,
  { isPublic, title, signal }: { readonly isPublic: boolean; readonly title: string; readonly signal?: AbortSignal | undefined },
): Promise<Uploaded> {
  const { createRepo, uploadFiles } = await import('@huggingface/hub');
  const repo = { type: 'model', name: target.repository } as const;
  const ours: typeof fetch = (address, init) => {
    const signals = [signal, init?.signal].filter((each) => each !== undefined && each !== null);
    return fetch(address, { ...init, ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }) });
  };
  const access = { repo, accessToken: target.token, hubUrl: target.endpoint, fetch: ours };
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  let existed = false;
  try {
    await createRepo({ ...access, visibility: isPublic ? 'public' : 'private' }).catch((error: unknown) => {
      if (statusOf(error) !== 409) throw error;
      existed = true;
    });
    const made = await uploadFiles({
      ...access,
      files: files.map((path) => ({ path: path.slice(folder.length + 1).replaceAll('\\', '/'), content: pathToFileURL(path) })),
      commitTitle: title,
      ...(signal === undefined ? {} : { abortSignal: signal }),
    });
    return { repository: target.repository, url: `${target.endpoint}/${target.repository}`, commit: made?.commit.oid ?? '', existed };
  } catch (error) {
    if (signal?.aborted === true) throw interrupted();
    throw failure(error, target, folder);
  }
}

function statusOf(error: unknown): number | undefined {
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** What went wrong, in words. A server may repeat what it was sent, so that the token is taken out of them. */
function failure(error: unknown, { repository, endpoint, token }: HubTarget, folder: string): OrtrainError {
  const [owner = ''] = repository.split('/');
  const kept = `The export is complete in ${folder}`;
  const refused = (what: string, remedy: string): OrtrainError =>
    new OrtrainError('environment', `nothing was pushed to ${repository}: ${what}`, { subject: '--push', remedy: `${remedy} ${kept}.` });
  const words = printable(withoutSecrets(reasonOf(error), [token])).slice(0, MOST_CHARACTERS);
  const status = statusOf(error);
  switch (status) {
    case undefined:
      return refused(`${endpoint} cannot be reached (${words})`, 'Try again when it can be; HF_ENDPOINT names another hub.');
    case 401:
      return refused(`${endpoint} does not accept the token in HF_TOKEN`, `Make a new one at ${endpoint}/settings/tokens.`);
    case 403:
      return refused(
        `the token in HF_TOKEN may not write to it at ${endpoint}`,
        `Use a token with the right to write for ${owner}, or push to a repository of your own.`,
      );
    case 409:
      return refused('somebody else has changed it meanwhile', 'Push again.');
    default:
      return refused(
        `${endpoint} answered with the status ${status} (${words})`,
        status >= 500 || status === 429 ? 'Try again later.' : `Look at what it says, and whether ${owner} is an account there.`,
      );
  }
}

const MOST_CHARACTERS = 300;
