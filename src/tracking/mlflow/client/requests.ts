import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { bytesOf, openingOf, UnreasonableAnswer } from '../../../core/answers.ts';
import { withoutSecrets } from '../../../core/secrets.ts';
import { briefly, type ShapeOf } from '../../../core/shapes.ts';
import { failed, judge, NO_MLFLOW, notMlflow, parseJson, succeeded, unreachable, type Failure, type Reply } from './answers.ts';
import { ANSWER_WITHIN_MS, type RequestLimits } from './patience.ts';
import type { TrackingServer } from '../server.ts';
import { anyAnswer } from './wire-answers.ts';
import { wirePath } from './wire.ts';

/** One try of a call of the tracking API, whose answer has a shape. */
export async function callApi<T>(
  server: TrackingServer,
  method: 'GET' | 'POST',
  path: string,
  body: object,
  shape: ShapeOf<T>,
  { signal, answerMs = ANSWER_WITHIN_MS }: RequestLimits,
): Promise<Reply<T>> {
  const init = method === 'GET' ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return request(server, `/api/2.0/mlflow/${path}`, { method, ...init }, shape, answerMs, signal);
}

/** One try of putting a file where an upload goes. */
export async function upload(
  server: TrackingServer,
  { method, path }: Upload,
  file: string,
  { signal, answerMs = ANSWER_WITHIN_MS }: RequestLimits,
): Promise<Reply> {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return failed({ kind: 'refused', message: `there is no file ${file} any more` });
  const body = size <= MOST_BYTES_IN_MEMORY ? await readFile(file) : (Readable.toWeb(createReadStream(file)) as ReadableStream);
  const headers = { 'content-type': 'application/octet-stream' };
  const withinMs = Math.ceil(Math.min(UPLOAD_WITHIN_MS, answerMs + size / SLOWEST_BYTES_PER_MS));
  return request(
    server,
    path,
    { method, headers, body, ...(body instanceof ReadableStream ? { duplex: 'half' } : {}) },
    anyAnswer,
    withinMs,
    signal,
  );
}

export interface Upload {
  readonly method: 'PUT' | 'POST';
  readonly path: string;
}

/** Where a file of a run goes, whose artifacts are at `root` as the server says. */
export function uploadRequest(root: string, runId: string, path: string, file: string): Upload | Failure {
  const checked = wirePath(path);
  if ('reason' in checked) return { kind: 'refused', message: checked.reason };
  const [, inServer] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(root) ?? [];
  if (inServer !== undefined) {
    const isStray = inServer.split('/').some((segment) => /^(\.|%2e){0,2}$/i.test(segment) || /[?#\\\p{Cc}]/u.test(segment));
    if (isStray)
      return {
        kind: 'stop',
        message: `the tracking server keeps the artifacts at ${briefly(root)}, which is not a place inside it`,
        remedy: NO_MLFLOW,
      };
    return { method: 'PUT', path: `/api/2.0/mlflow-artifacts/artifacts/${inServer}/${checked.item}` };
  }
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size < 1 || size > MOST_FALLBACK_BYTES) {
    return {
      kind: 'refused',
      message: `${path} has ${size} bytes; this server takes 1 to ${MOST_FALLBACK_BYTES}, unless it is started with --serve-artifacts`,
    };
  }
  return { method: 'POST', path: `/ajax-api/2.0/mlflow/upload-artifact?${new URLSearchParams({ run_uuid: runId, path }).toString()}` };
}

const UPLOAD_WITHIN_MS = 600_000;
const SLOWEST_BYTES_PER_MS = 50;

/** A hundred runs with all that they may hold; of an error page the beginning is enough. */
const MOST_ANSWER_BYTES = 64e6;
const MOST_ERROR_BYTES = 1e6;

/** The fallback for servers that keep artifacts in a folder of their own takes 1 byte to 10 MiB. */
const MOST_FALLBACK_BYTES = 10 * 2 ** 20;

/** Larger files are streamed. */
const MOST_BYTES_IN_MEMORY = 8 * 2 ** 20;

/** One try. A success whose body is not JSON comes from something other than the tracking API, unless it is empty, as uploads are. */
async function request<T>(
  server: TrackingServer,
  path: string,
  init: RequestInit,
  shape: ShapeOf<T>,
  withinMs: number,
  signal: AbortSignal,
): Promise<Reply<T>> {
  const late = AbortSignal.timeout(withinMs);
  try {
    const response = await fetch(`${server.uri}${path}`, {
      ...init,
      headers: { ...(init.headers as Readonly<Record<string, string>> | undefined), ...server.headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, late]),
    });
    const secrets = secretsIn(server.headers);
    if (!response.ok)
      return failed(judge(response.status, withoutSecrets(await openingOf(response, MOST_ERROR_BYTES), secrets), response.headers));
    const text = withoutSecrets(new TextDecoder().decode(await bytesOf(response, MOST_ANSWER_BYTES)), secrets);
    const value = text === '' ? {} : parseJson(text);
    const wrong = value === undefined ? 'it is not JSON' : shape(value, 'the answer');
    return wrong === undefined ? succeeded(value as T) : failed(notMlflow(response.status, wrong, value === undefined ? text : ''));
  } catch (error) {
    if (error instanceof UnreasonableAnswer)
      return failed({ kind: 'stop', message: `the tracking server ${error.message}`, remedy: NO_MLFLOW });
    return failed(
      late.aborted && !signal.aborted
        ? { kind: 'away', message: `the tracking server did not answer within ${Math.round(withinMs / 1000)} s` }
        : unreachable(error),
    );
  }
}

/** What a server, or a proxy before it, could repeat of what it was sent. */
function secretsIn({ authorization = '' }: Readonly<Record<string, string>>): readonly string[] {
  const [scheme, value = ''] = authorization.split(' ');
  const [user = '', ...password] = scheme === 'Basic' ? Buffer.from(value, 'base64').toString('utf8').split(':') : [];
  // A short name is a part of many words.
  return [value, password.join(':'), user.length < 4 ? '' : user];
}
