/** What a file is that is not what its name says: a sentence that begins with `it`, and what to do. */
export interface Foreign {
  readonly what: string;
  readonly remedy: string;
}

const AGAIN = 'Fetch the file again.';

/**
 * What a binary file is instead of what was wanted; undefined where it is nothing that every kind of file can be mistaken for.
 *
 * @param wanted what it should be, such as `weights`
 */
export function foreignContent(bytes: Uint8Array, wanted: string): Foreign | undefined {
  if (bytes.length === 0) return { what: 'it is empty', remedy: AGAIN };
  const isJson = /^\s*[{[]\s*["{[\]}]/.test(headOf(bytes));
  return notFetched(bytes, wanted) ?? (isJson ? { what: `it is JSON, not ${wanted}`, remedy: AGAIN } : undefined);
}

/** What a server or a repository gave in place of a file; undefined where it is nothing of that kind. `wanted`: as above. */
export function notFetched(bytes: Uint8Array, wanted: string): Foreign | undefined {
  const head = headOf(bytes);
  if (head.startsWith('version https://git-lfs')) {
    return {
      what: 'it is a Git LFS pointer; the file itself was not fetched',
      remedy: 'Run `git lfs pull` in its repository, or download the file by itself.',
    };
  }
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(head)) return { what: `it is a web page, not ${wanted}`, remedy: AGAIN };
  return head.startsWith('\x1f\x8b') ? { what: 'it is packed with gzip', remedy: 'Unpack it.' } : undefined;
}

function headOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(HEAD, bytes.length)).toString('latin1');
}

/** Bytes that tell the kinds apart. */
const HEAD = 512;
