import type { ReadableStream } from 'node:stream/web';
import { OrtrainError } from '../core/errors.ts';
import { withoutSecrets } from '../core/secrets.ts';
import type { HubSettings } from './hub-cache.ts';

type Hub = typeof import('@huggingface/hub');

/** A file on the hub. */
export interface RemoteFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Names the content, without quotes. */
  readonly etag: string;
  /** The commit that the revision stands for, where the hub says it. */
  readonly commit: string | undefined;
  /** The content's SHA-256, which the hub gives for large files. */
  readonly sha256: string | undefined;
  /** The content from byte `start` on. */
  read(start: number): Promise<ReadableStream<Uint8Array>>;
}

/** One repository on the hub, through `@huggingface/hub`. */
export interface HubClient {
  /** The commit that the revision stands for now. */
  commit(): Promise<string>;
  /** Undefined where the repository does not have the file. */
  find(path: string, revision: string): Promise<RemoteFile | undefined>;
  /** Puts the failure of a request into words; an OrtrainError stays as it is. */
  failure(error: unknown): OrtrainError;
}

export function hubClient(hub: Hub, name: string, revision: string, { endpoint, token, cache }: HubSettings, signal: AbortSignal | undefined): HubClient {
  let headers = new Headers(); // of the last answer; the library does not hand them on
  let known = false; // whether the repository has answered
  const watchedFetch: typeof fetch = async (url, init) => {
    const response = await fetch(url, { ...init, ...(signal === undefined ? {} : { signal }) });
    headers = response.headers;
    return response;
  };
  const common = {
    repo: { type: 'model', name } as const,
    hubUrl: endpoint,
    fetch: watchedFetch,
    ...(token === undefined ? {} : { accessToken: checkedToken(token) }),
  };

  const find: HubClient['find'] = async (path, at) => {
    let info;
    try {
      info = await hub.fileDownloadInfo({ ...common, path, revision: at });
      known = true;
    } catch (error) {
      // Mirrors may not say what is missing; once the repository has answered, it is the file.
      if (known && error instanceof hub.HubApiError && error.statusCode === 404) return undefined;
      throw error;
    }
    if (info === null) return undefined;
    const linked = plainTag(headers.get('x-linked-etag') ?? '');
    const download = { ...common, path, revision: at, downloadInfo: info, xet: false };
    return {
      path,
      size: info.size,
      etag: plainTag(info.etag),
      commit: headers.get('x-repo-commit') ?? undefined,
      sha256: /^[0-9a-f]{64}$/.test(linked) ? linked : undefined,
      read: async (start) => {
        const blob = await hub.downloadFile({ ...download, fetch: start === 0 ? watchedFetch : continuing(watchedFetch) });
        if (blob === null) throw new Error('the file is gone');
        return blob.slice(start).stream() as ReadableStream<Uint8Array>;
      },
    };
  };

  return {
    find,
    commit: async () => {
      const file = await find('config.json', revision);
      if (file?.commit !== undefined) return file.commit;
      return (await hub.modelInfo({ ...common, name, revision, additionalFields: ['sha'] })).sha;
    },
    failure: (error) => {
      if (error instanceof OrtrainError) return error;
      if (error instanceof Error && token !== undefined) error.message = withoutSecrets(error.message, [token]); // a server may repeat what it was sent
      if (signal?.aborted === true) {
        return new OrtrainError('interrupted', 'stopped before the model had arrived', { remedy: 'Run again; what has arrived is kept.' });
      }
      if (isFileError(error)) {
        return new OrtrainError('environment', `the cache at ${cache} cannot be written: ${error.message}`, { subject: cache, cause: error });
      }
      if (error instanceof hub.HubApiError) return refusal(name, endpoint, revision, error.statusCode, headers.get('x-error-code'), error);
      return unreachable(name, `${endpoint}: ${reason(error)}`, error);
    },
  };
}

/** Lets through only answers that begin where they were asked to. */
function continuing(fetchFrom: typeof fetch): typeof fetch {
  return async (url, init) => {
    const response = await fetchFrom(url, init);
    if (response.status === 200) throw new Error('the server does not continue broken downloads; delete the .incomplete file in the cache');
    return response;
  };
}

function plainTag(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '');
}

function checkedToken(token: string): string {
  if (/^hf_[\x21-\x7e]+$/.test(token)) return token;
  throw new OrtrainError('environment', "the access token in HF_TOKEN or in the token file is not one of Hugging Face's, which are one word that begins with hf_", {
    subject: 'HF_TOKEN',
  });
}

function refusal(name: string, endpoint: string, revision: string, status: number, code: string | null, cause: unknown): OrtrainError {
  if (code === 'RevisionNotFound') {
    const remedy = 'Set model.revision to a branch, a tag or a commit that it has.';
    return new OrtrainError('data', `the model ${name} has no revision ${revision}`, { subject: 'model.revision', remedy, cause });
  }
  if (status === 401 || status === 403) {
    const remedy = 'Check model.base; for a private or gated model, set HF_TOKEN to a token that may read it.';
    const message = `${endpoint} does not give out the model ${name}: it does not exist, or is private or gated`;
    return new OrtrainError('data', message, { subject: 'model.base', remedy, cause });
  }
  if (status === 404) {
    const remedy = 'Set model.base to a directory that exists or to the name of a model on the hub.';
    const message = `there is no directory ${name}, and no model of that name at ${endpoint}`;
    return new OrtrainError('data', message, { subject: 'model.base', remedy, cause });
  }
  return unreachable(name, `${endpoint} answered with the status ${status}`, cause);
}

function unreachable(name: string, what: string, cause: unknown): OrtrainError {
  return new OrtrainError('environment', `the model ${name} could not be fetched (${what})`, {
    subject: name,
    remedy: 'Run again when the hub can be reached (what has arrived is kept), set HF_ENDPOINT to a mirror, or set model.base to a directory that holds the model.',
    cause,
  });
}

/** An error of the file system, not of a connection, which fetch wraps. */
function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}

/** The innermost reason: a code such as ENOTFOUND or ECONNREFUSED, or a message. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reason(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
