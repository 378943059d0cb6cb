/** Answers of servers that nobody vouches for: each has an end in time and in size. */

/** An answer that broke a limit: a sentence without a final full stop, with the answer as its subject. */
export class UnreasonableAnswer extends Error {
  readonly kind: 'late' | 'slow' | 'long';

  constructor(kind: UnreasonableAnswer['kind'], message: string) {
    super(message);
    this.name = 'UnreasonableAnswer';
    this.kind = kind;
  }
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
