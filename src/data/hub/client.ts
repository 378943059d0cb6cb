import { bytesOf, openingOf, textOfPage, timelyFetch, UnreasonableAnswer, type AnswerLimits } from '../../core/answers.ts';
import { OrtrainError } from '../../core/errors.ts';
import { withoutSecrets } from '../../core/secrets.ts';
import { isObject } from '../../core/shapes.ts';
import { printable } from '../../core/printable.ts';
import type { HubSettings } from './cache.ts';
import { failureOf, HubRefusal, isFileError, NotAHub } from './failures.ts';

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
  /** The content from byte `start` on, or from 0 where the hub cannot continue. */
  read(start: number): Promise<{ readonly start: number; readonly stream: ReadableStream<Uint8Array> }>;
}

/** One repository on the hub. Every answer has an end in time and in size; the token goes to the hub alone, not to where it redirects. */
export interface HubClient {
  /** The commit that the revision stands for now. */
  commit(): Promise<string>;
  /** Undefined where the repository does not have the file. */
  find(path: string, revision: string): Promise<RemoteFile | undefined>;
  /** Puts the failure of a request into words; an OrtrainError stays as it is. */
  failure(error: unknown): OrtrainError;
}

/** A line of 1 kB/s takes a small model in an hour; whoever is slower is not sending one. */
export const HUB_LIMITS: AnswerLimits = { headMs: 30_000, idleMs: 30_000, slowMs: 60_000, minBytes: 60_000 };

/** Of an answer that describes a repository, and of an error. */
const MOST_DESCRIPTION_BYTES = 16e6;
const MOST_ERROR_BYTES = 64e3;

export function hubClient(
  name: string,
  revision: string,
  { endpoint, token, cache }: HubSettings,
  signal: AbortSignal | undefined,
  limits: AnswerLimits = HUB_LIMITS,
): HubClient {
  let known = false; // whether the repository has answered
  const authorization = token === undefined ? {} : { authorization: `Bearer ${checkedToken(token)}` };

  /** An answer that is no refusal and no page for people. Unpacked bytes have no length that was announced. */
  const ask = async (path: string, headers: Readonly<Record<string, string>>): Promise<Response> => {
    const init = { headers: { ...headers, ...authorization, 'accept-encoding': 'identity' }, ...(signal === undefined ? {} : { signal }) };
    const response = await timelyFetch(`${endpoint}/${path}`, init, limits);
    const type = header(response.headers, 'content-type');
    if (response.ok && !type.startsWith('text/html')) return response;
    const page = printable(textOfPage(await openingOf(response, MOST_ERROR_BYTES).catch(() => '')));
    if (response.ok)
      throw new NotAHub(`answered with a web page${page === '' ? '' : `: ${withoutSecrets(page, [token ?? '']).slice(0, 100)}`}`);
    throw new HubRefusal(response.status, response.headers.get('x-error-code'), response.headers.get('retry-after'));
  };
  const addressOf = (path: string, at: string): string =>
    `${name}/resolve/${encodeURIComponent(at)}/${path.split('/').map(encodeURIComponent).join('/')}`;

  const read = async (path: string, at: string, start: number, size: number): ReturnType<RemoteFile['read']> => {
    const response = await ask(addressOf(path, at), start === 0 ? {} : { range: `bytes=${start}-${size - 1}` });
    if (response.body === null) throw new NotAHub(`sent nothing for ${path}`);
    const [, from] = /^bytes (\d+)-/.exec(header(response.headers, 'content-range')) ?? [];
    const begins = response.status === 206 ? Number(from ?? start) : 0;
    if (begins === start || begins === 0) return { start: begins, stream: response.body };
    await response.body.cancel();
    throw new NotAHub(`continues ${path} at byte ${begins}, and was asked for byte ${start}`);
  };

  const find: HubClient['find'] = async (path, at) => {
    try {
      const response = await ask(addressOf(path, at), { range: 'bytes=0-0' });
      await response.body?.cancel();
      known = true;
      return remoteFile(path, response.headers, (start, size) => read(path, at, start, size));
    } catch (error) {
      // Mirrors may not say what is missing; once the repository has answered, it is the file.
      if (error instanceof HubRefusal && error.status === 404 && (error.code === 'EntryNotFound' || (known && error.code === null)))
        return undefined;
      throw error;
    }
  };

  return {
    find,
    commit: async () => {
      const file = await find('config.json', revision);
      if (file?.commit !== undefined) return file.commit;
      const answer = await ask(`api/models/${name}/revision/${encodeURIComponent(revision)}`, {});
      const described = json(new TextDecoder().decode(await bytesOf(answer, MOST_DESCRIPTION_BYTES)));
      const commit = isObject(described) ? described['sha'] : undefined;
      if (typeof commit === 'string') return commit;
      throw new NotAHub('does not name the commit of the revision');
    },
    failure: (error) => {
      if (error instanceof OrtrainError) return error;
      if (signal?.aborted === true)
        return new OrtrainError('interrupted', 'stopped before the model was fetched', {
          remedy: 'Run again; the part already fetched is kept.',
        });
      return failureOf(error, { name, endpoint, revision, cache, token });
    },
  };
}

/** Empty where there is none. */
function header(headers: Headers, name: string): string {
  return headers.get(name) ?? '';
}

function remoteFile(path: string, headers: Headers, read: (start: number, size: number) => ReturnType<RemoteFile['read']>): RemoteFile {
  const [, total] = /^bytes 0-\d+\/(\d{1,16})$/.exec(header(headers, 'content-range')) ?? [];
  // A hub that sends large files from another store tells their length in a header of its own.
  const size = Number(total ?? headers.get('x-linked-size') ?? NaN);
  if (!Number.isSafeInteger(size) || size < 0) throw new NotAHub(`does not say how long ${path} is: it ignores ranges`);
  const linked = plainTag(header(headers, 'x-linked-etag'));
  const etag = linked === '' ? plainTag(header(headers, 'etag')) : linked;
  if (etag === '') throw new NotAHub(`sends no ETag for ${path}, which identifies the contents of a file`);
  return {
    path,
    size,
    etag,
    commit: headers.get('x-repo-commit') ?? undefined,
    sha256: /^[0-9a-f]{64}$/.test(linked) ? linked : undefined,
    read: (start) => read(start, size),
  };
}

function plainTag(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function checkedToken(token: string): string {
  if (/^hf_[\x21-\x7e]+$/.test(token)) return token;
  throw new OrtrainError(
    'environment',
    "the access token in HF_TOKEN or in the token file is not one of Hugging Face's, which begin with hf_ and contain no spaces",
    {
      subject: 'HF_TOKEN',
    },
  );
}

/** Whether asking again may help: the connection broke, or the hub has a bad moment. Answers that are wrong in themselves stay wrong. */
export function isPassing(error: unknown): boolean {
  if (error instanceof HubRefusal) return error.status === 429 || error.status === 408 || error.status >= 500;
  return !(
    error instanceof OrtrainError ||
    error instanceof NotAHub ||
    isLastingFileError(error) ||
    (error instanceof UnreasonableAnswer && error.kind === 'long')
  );
}

/** Another process that fetches the same may have put the file in its place. */
function isLastingFileError(error: unknown): boolean {
  return isFileError(error) && error.code !== 'ENOENT';
}
