import type { ByteSource } from '../byte-source.ts';
import type { Refuse } from './problems.ts';

/** Reads a part of a source from its beginning on, and never beyond its end. */
export interface Cursor {
  /** The next byte to be read, counted from the beginning of the source. */
  position(): number;
  byte(): number;
  /** The next bytes; they may be a view, valid until the next call. */
  bytes(length: number): Uint8Array;
  view(length: number): DataView;
  /** The bytes up to the next line feed, which is read too. Refused where it does not come within `most` bytes. */
  line(most: number): Uint8Array;
}

/** Bytes read beyond those that are asked for. */
const WINDOW = 2 ** 16;

export function cursorOver(source: ByteSource, begin: number, end: number, refuse: Refuse): Cursor {
  let window: Uint8Array = new Uint8Array(0);
  let start = begin; // of the window
  let at = 0; // in the window
  /** Makes sure that the window holds the next `length` bytes. */
  const need = (length: number): void => {
    if (window.length - at >= length) return;
    start += at;
    at = 0;
    if (length > end - start) throw refuse('it ends within its description of the tensors; the file is cut off');
    window = source.read(start, Math.min(end - start, length + WINDOW));
  };
  const bytes = (length: number): Uint8Array => {
    need(length);
    return window.subarray(at, (at += length));
  };
  return {
    position: () => start + at,
    byte: () => {
      need(1);
      return window[at++] as number;
    },
    bytes,
    view: (length) => {
      const { buffer, byteOffset } = bytes(length);
      return new DataView(buffer, byteOffset, length);
    },
    line: (most) => {
      for (let length = 0; length < most; length += 1) {
        need(length + 1);
        if (window[at + length] === 10) return bytes(length + 1).subarray(0, length);
      }
      throw refuse('a name in its description of the tensors has no end');
    },
  };
}
