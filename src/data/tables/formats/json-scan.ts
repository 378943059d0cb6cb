/**
 * Finds the parts of JSON by their bytes, so that each can be read by itself: numbers keep their digits, and nothing needs the whole file
 * as one text.
 */

/** From the first byte of a value to the one behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Member {
  readonly key: Span;
  readonly value: Span;
}

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA, COLON] = [code('"'), code('\\'), code(','), code(':')];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [code('{'), code('}'), code('['), code(']')];

export function afterSpaces(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 10 || bytes[at] === 13)) at += 1;
  return at;
}

/** Where a value ends that begins at `start`; undefined where it is never closed. Whether it is JSON is for the parser to say. */
export function endOfValue(bytes: Uint8Array, start: number, end = bytes.length): number | undefined {
  const first = bytes[start];
  if (first === QUOTE) return endOfString(bytes, start, end);
  if (first === OPEN || first === OPEN_LIST) return endOfBrackets(bytes, start, end);
  let at = start;
  while (at < end && !endsScalar(bytes[at]!)) at += 1;
  return at;
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE || byte === CLOSE_LIST || byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

function endOfString(bytes: Uint8Array, start: number, end: number): number | undefined {
  for (let at = start + 1; at < end; at += 1) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at + 1;
  }
  return undefined;
}

function endOfBrackets(bytes: Uint8Array, start: number, end: number): number | undefined {
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const after = endOfString(bytes, at, end);
      if (after === undefined) return undefined;
      at = after - 1;
    } else if (byte === OPEN || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/** The members of an object that the parser has accepted, in order, repeated keys too. */
export function membersOf(bytes: Uint8Array, { start, end }: Span): readonly Member[] {
  const members: Member[] = [];
  for (let at = afterSpaces(bytes, start + 1); at < end && bytes[at] === QUOTE; ) {
    const keyEnd = endOfString(bytes, at, end);
    if (keyEnd === undefined) break;
    const colon = afterSpaces(bytes, keyEnd);
    if (bytes[colon] !== COLON) break;
    const from = afterSpaces(bytes, colon + 1);
    const to = endOfValue(bytes, from, end);
    if (to === undefined) break;
    members.push({ key: { start: at, end: keyEnd }, value: { start: from, end: to } });
    const next = afterSpaces(bytes, to);
    at = bytes[next] === COMMA ? afterSpaces(bytes, next + 1) : end;
  }
  return members;
}

/** The elements of the array that the bytes hold, and what is wrong with it around them. */
export function elementsOf(bytes: Uint8Array): {
  readonly elements: readonly Span[];
  readonly wrong?: { readonly message: string; readonly offset: number };
} {
  const elements: Span[] = [];
  const opening = afterSpaces(bytes, 0);
  const wrong = (message: string, offset: number): ReturnType<typeof elementsOf> => ({
    elements,
    wrong: { message, offset: Math.min(offset, bytes.length - 1) },
  });
  let at = afterSpaces(bytes, opening + 1);
  if (bytes[at] === CLOSE_LIST)
    return afterSpaces(bytes, at + 1) === bytes.length
      ? { elements }
      : wrong('something follows the end of the array', afterSpaces(bytes, at + 1));
  for (;;) {
    const end = at < bytes.length ? endOfValue(bytes, at) : undefined;
    if (end === undefined)
      return wrong(
        at < bytes.length
          ? 'the element is never closed: the file was cut short, or a quote or bracket is missing'
          : 'the array is never closed: the file was cut short',
        at,
      );
    if (end === at) return wrong('an element is missing before this', at);
    elements.push({ start: at, end });
    const next = afterSpaces(bytes, end);
    if (bytes[next] === CLOSE_LIST)
      return afterSpaces(bytes, next + 1) === bytes.length
        ? { elements }
        : wrong('something follows the end of the array', afterSpaces(bytes, next + 1));
    if (next >= bytes.length) return wrong('the array is never closed: the file was cut short', next);
    if (bytes[next] !== COMMA) return wrong('there is no comma between two elements', next);
    at = afterSpaces(bytes, next + 1);
  }
}
