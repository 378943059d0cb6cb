import { reasonOf, secondsToWait, textOfPage } from '../../../core/answers.ts';
import { withoutCredentials } from '../../../core/secrets.ts';
import { printable } from '../../../core/printable.ts';
import { duration } from '../../../core/text.ts';

/** Why a request did not succeed, and so what to do about it. */
export interface Failure {
  /**
   * - `away`: nobody answers, or not now: try again later
   * - `transient`: the server took two writes for a conflict: try the same again, a few times
   * - `refused`: something in the request is wrong
   * - `too-large`: send it in smaller parts
   * - `exists`, `missing`: the named thing is there already, or is not there
   * - `stop`: nothing will be accepted until a person changes something
   */
  readonly kind: 'away' | 'transient' | 'refused' | 'too-large' | 'exists' | 'missing' | 'stop';
  /** A sentence without a final full stop, for a person. */
  readonly message: string;
  /** Of the answer, where there was one. */
  readonly status?: number;
  /** For `stop` and `missing`: what the person can do. */
  readonly remedy?: string;
  /** The server's own wish, in milliseconds. */
  readonly retryAfter?: number;
}

export type Reply<T = unknown> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export const succeeded = <T>(value: T): Reply<T> => ({ ok: true, value });
export const failed = (failure: Failure): { readonly ok: false; readonly failure: Failure } => ({ ok: false, failure });

/** What an answer that is not a success means. The body is JSON with `error_code`, JSON with `detail`, text, or HTML. */
export function judge(status: number, body: string, headers: { get(name: string): string | null }): Failure {
  const { code, message } = explanation(body);
  const said = `the tracking server answered ${status}${code === undefined ? '' : ` ${code}`}${message === '' ? '' : `: ${message}`}`;
  const failure = (kind: Failure['kind'], remedy?: string): Failure => ({
    kind,
    status,
    message: said,
    ...(remedy === undefined ? {} : { remedy }),
  });

  if (code === 'RESOURCE_ALREADY_EXISTS') return failure('exists');
  if (code === 'RESOURCE_DOES_NOT_EXIST') return failure('missing', DELETED);
  if (code === 'FEATURE_DISABLED') return failure('stop', 'Unset MLFLOW_WORKSPACE: this server has no workspaces.');
  if (status === 400 && message.includes("'active' state")) return failure('stop', DELETED);
  if (status === 400) return failure(code === 'BAD_REQUEST' ? 'transient' : 'refused');
  if (status === 413) return failure('too-large');
  if (status === 501) return failure('stop', 'The server cannot do this; a current MLflow server can.');
  if (status === 408 || status === 429 || status >= 500) return patiently(failure('away'), headers.get('retry-after'));
  return failure('stop', cure(status, message, headers.get('location')));
}

/** What cannot be reached: refused connections, unknown hosts, cut connections, time-outs. */
export function unreachable(error: unknown): Failure {
  const reason = reasonOf(error);
  // fetch refuses the ports of other protocols, today as tomorrow.
  if (reason === 'bad port')
    return {
      kind: 'stop',
      message: 'the tracking server has a port that fetch refuses, because it belongs to another protocol',
      remedy: NO_MLFLOW,
    };
  return {
    kind: 'away',
    message: `the tracking server cannot be reached (${printable(withoutCredentials(reason)).slice(0, MESSAGE_LENGTH)})`,
  };
}

function cure(status: number, message: string, location: string | null): string {
  if (location !== null)
    return (
      'The server has moved; set its address to where it points: ' +
      `${URL.canParse(location) ? new URL(location).origin : 'see its answer'}`
    );
  if (status === 401) return 'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.';
  if (message.includes('Invalid Host header')) return 'Start the server with --allowed-hosts and the name by which you call it.';
  if (status === 403) return 'These credentials may not write here: ask for the permission, or use others.';
  return NO_MLFLOW;
}

/** An answer that says yes and is none of MLflow's: from a proxy's login page, or from another server at this address. */
export function notMlflow(status: number, wrong: string, body: string): Failure {
  const text = explanation(body).message;
  return {
    kind: 'stop',
    status,
    message: `the tracking server answered ${status}, but not as MLflow does: ${wrong}${text === '' ? '' : ` (${text})`}`,
    remedy: NO_MLFLOW,
  };
}

export const NO_MLFLOW = 'No MLflow server answers at this address: check MLFLOW_TRACKING_URI, its path too.';

const DELETED = 'It was deleted on the server: restore it there, or send everything again with: pipeline sync --anew <run>';

/** Longer messages hold SQL and values. */
const MESSAGE_LENGTH = 200;

function explanation(body: string): { readonly code?: string; readonly message: string } {
  const shorten = (text: string): string => {
    const line = printable(text.slice(0, LONGEST_LOOK).replaceAll(/\s+/g, ' ').trim());
    return line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH)}…` : line;
  };
  const parsed = parseJson(body);
  if (typeof parsed !== 'object' || parsed === null)
    return { message: shorten(body.trimStart().startsWith('<') ? textOfPage(body) : body) };
  const {
    error_code: code,
    message,
    detail,
  } = parsed as { readonly error_code?: unknown; readonly message?: unknown; readonly detail?: unknown };
  const text = shorten(typeof message === 'string' ? message : typeof detail === 'string' ? detail : '');
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? { code, message: text } : { message: text };
}

/** Spaces may stand before the words. */
const LONGEST_LOOK = 10_000;

/** Undefined where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** With the server's own wish. */
function patiently(failure: Failure, header: string | null): Failure {
  const seconds = secondsToWait(header);
  return seconds === undefined
    ? failure
    : { ...failure, retryAfter: seconds * 1000, message: `${failure.message} (next attempt in ${duration(seconds)})` };
}
