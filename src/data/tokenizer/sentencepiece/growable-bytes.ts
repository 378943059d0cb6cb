/** Bytes that are used again for every text. */
export interface Scratch {
  bytes: Uint8Array<ArrayBuffer>;
}

export function scratch(size = 4096): Scratch {
  return { bytes: new Uint8Array(size) };
}

/** Room for `size` bytes, with those that are there kept. */
export function makeRoom(into: Scratch, size: number): Uint8Array<ArrayBuffer> {
  if (size > into.bytes.length) {
    const larger = new Uint8Array(Math.max(size, 2 * into.bytes.length));
    larger.set(into.bytes);
    into.bytes = larger;
  }
  return into.bytes;
}

/** A text in UTF-8, in `into`; returns its length. Half a pair of surrogates becomes U+FFFD. */
export function writeText(text: string, into: Scratch): number {
  return encoder.encodeInto(text, makeRoom(into, 3 * text.length)).written;
}

const encoder = new TextEncoder();

/** How many bytes a character has whose first byte is this one, as sentencepiece counts them. */
export function characterLength(first: number): number {
  return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
