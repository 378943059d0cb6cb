/** Answers of servers that nobody vouches for: each has an end in time and in size. */

/** What an answer may take. Times in milliseconds. */
export interface AnswerLimits {
  /** Until its head has arrived. */
  readonly headMs: number;
  /** Between two parts of its body. */
  readonly idleMs: number;
  /** A body that brings fewer bytes than `minBytes` in this time is given up. */
  readonly slowMs: number;
  readonly minBytes: number;
}

/** An answer that broke a limit: a sentence without a final full stop, with the answer as its subject. */
export class UnreasonableAnswer extends Error {
  readonly kind: 'late' | 'slow' | 'long';

  constructor(kind: UnreasonableAnswer['kind'], message: string) {
    super(message);
    this.name = 'UnreasonableAnswer';
    this.kind = kind;
  }
}

/** A fetch whose answer begins in time and does not trickle. Its body may still be of any length: see `bytesOf` and `textOf`. */
export async function timelyFetch(
  url: string | URL | Request,
  init: RequestInit,
  { headMs, idleMs, slowMs, minBytes }: AnswerLimits,
): Promise<Response> {
  const stop = new AbortController();
  const signal = init.signal === undefined || init.signal === null ? stop.signal : AbortSignal.any([init.signal, stop.signal]);
  const giveUp = (kind: UnreasonableAnswer['kind'], message: string): void => stop.abort(new UnreasonableAnswer(kind, message));
  const head = setTimeout(() => giveUp('late', `did not answer within ${headMs / 1000} s`), headMs);
  const response = await fetch(url, { ...init, signal }).finally(() => clearTimeout(head));
  if (response.body === null) return response;

  const reader = response.body.getReader();
  let [since, arrived] = [performance.now(), 0];
  // Holds nothing back: what has arrived is not lost when the connection breaks.
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const waiting = setTimeout(() => giveUp('slow', `sent nothing for ${idleMs / 1000} s`), idleMs);
        const { done, value } = await reader.read().finally(() => clearTimeout(waiting));
        if (done) return controller.close();
        controller.enqueue(value);
        arrived += value.byteLength;
        if (performance.now() - since < slowMs) return;
        if (arrived < minBytes) giveUp('slow', `sent ${arrived} bytes in ${Math.round(slowMs / 1000)} s`);
        [since, arrived] = [performance.now(), 0];
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return withBody(response, body);
}

/** A response is made by the system alone with a URL, so that its parts are handed on. */
function withBody(response: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers, url, redirected } = response;
  const other = new Response(body, { status, statusText, headers });
  return Object.defineProperties(other, { url: { value: url }, redirected: { value: redirected } });
}

/** A whole body of at most `most` bytes, counted as they are after unpacking. Throws where it has more, and reads no further. */
export async function bytesOf(response: Response, most: number): Promise<Uint8Array> {
  const { bytes, isWhole } = await beginningOf(response, most);
  if (isWhole) return bytes;
  throw new UnreasonableAnswer('long', `sent more than ${Math.round(most / 1e6)} MB where a short answer belongs`);
}

/** What a body begins with, for error pages: of any length, read no further than needed. */
export async function openingOf(response: Response, most: number): Promise<string> {
  return new TextDecoder().decode((await beginningOf(response, most)).bytes);
}

async function beginningOf(response: Response, most: number): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) return { bytes: Buffer.concat(parts), isWhole: true };
    parts.push(value);
    length += value.byteLength;
    if (length <= most) continue;
    await reader?.cancel().catch(() => {});
    return { bytes: Buffer.concat(parts).subarray(0, most), isWhole: false };
  }
}

/** The text of a page for people, without marks, scripts and styles, on one line. */
export function textOfPage(html: string): string {
  const words: string[] = [];
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf('<', at);
    words.push(html.slice(at, open === -1 ? html.length : open));
    if (open === -1) break;
    const hidden = /^<(script|style|!--)/i.exec(html.slice(open, open + 8))?.[1]?.toLowerCase();
    const close = html.indexOf(hidden === undefined ? '>' : (ENDS[hidden] ?? '>'), open);
    if (close === -1) break;
    at = html.indexOf('>', close) + 1;
  }
  return words.join(' ').replaceAll(/\s+/g, ' ').trim();
}

const ENDS: Readonly<Record<string, string>> = { script: '</script>', style: '</style>', '!--': '-->' };

/**
 * The wait in seconds that a Retry-After header asks for: a number of seconds, or a date (RFC 9110, 10.2.3); undefined where it is neither.
 */
export function secondsToWait(header: string | null): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const wait = Number.isNaN(seconds) ? (Date.parse(header.slice(0, 100)) - Date.now()) / 1000 : seconds;
  return Number.isFinite(wait) && wait >= 0 ? wait : undefined;
}

/** The innermost reason for which a request failed: a code such as ENOTFOUND or ECONNREFUSED, or a message such as `bad port`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
