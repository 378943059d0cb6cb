import { kindsOfCharacters, SPACE, WORD } from '../characters/characters.ts';

/** A token that is found in a text before it is cut into words, as tokenizer.json describes it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
  /** Only where no word goes on at either side. */
  readonly single_word?: boolean;
  /** Takes the spaces before it along. */
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  /** Looked for in the normalized text. */
  readonly normalized?: boolean;
}

/**
 * Tokens with the ids that they have in the end: one that the model knows has the model's, and the others follow behind the vocabulary,
 * whatever a file says that was edited by hand.
 */
export function withIds(tokens: readonly AddedToken[], words: readonly (readonly [word: string, id: unknown])[]): readonly AddedToken[] {
  if (tokens.length === 0) return [];
  const known = new Map(words);
  let next = words.length;
  return tokens.map((token) => {
    const own = known.get(token.content);
    const id = isTokenId(own) ? own : next;
    next = Math.max(next, id + 1);
    known.set(token.content, id);
    return { ...token, id };
  });
}

export function isTokenId(id: unknown): id is number {
  return Number.isInteger(id) && Number(id) >= 0 && Number(id) < 2 ** 31;
}

/** A text between tokens and where it begins, or the id of a token. */
export type Section = { readonly text: string; readonly from: number } | number;

/** Finds tokens, the longest of those that begin first. `contents`: what to look for, in the tokens' order. */
export function tokenFinder(tokens: readonly AddedToken[], contents: readonly string[]): (text: string) => readonly Section[] {
  const byStart = new Map<string, { readonly content: string; readonly token: AddedToken }[]>();
  tokens.forEach((token, i) => {
    const content = contents[i] ?? '';
    if (content !== '') byStart.set(content[0]!, [...(byStart.get(content[0]!) ?? []), { content, token }]);
  });
  for (const list of byStart.values()) list.sort((a, b) => b.content.length - a.content.length);
  if (byStart.size === 0) return (text) => (text === '' ? [] : [{ text, from: 0 }]);
  return (text) => {
    const sections: Section[] = [];
    let end = 0;
    for (let at = 0; at < text.length; ) {
      const match = byStart.get(text[at]!)?.find(({ content }) => text.startsWith(content, at));
      if (match === undefined) {
        at++;
        continue;
      }
      const { token, content } = match;
      const stop = at + content.length;
      if (token.single_word !== true || isAlone(text, at, stop)) {
        const from = token.lstrip === true ? Math.max(end, beforeSpaces(text, at)) : at;
        if (end < from) sections.push({ text: text.slice(end, from), from: end });
        sections.push(token.id);
        end = token.rstrip === true ? afterSpaces(text, stop) : stop;
      }
      at = stop;
    }
    if (end < text.length) sections.push({ text: text.slice(end), from: end });
    return sections;
  };
}

function isAlone(text: string, from: number, to: number): boolean {
  const kinds = kindsOfCharacters();
  const isWord = (code: number | undefined): boolean => code !== undefined && (kinds[code]! & WORD) !== 0;
  return !isWord(codeBefore(text, from)) && !isWord(text.codePointAt(to));
}

function codeBefore(text: string, at: number): number | undefined {
  if (at === 0) return undefined;
  const low = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff ? text.codePointAt(Math.max(0, at - 2)) : low;
}

function beforeSpaces(text: string, at: number): number {
  const kinds = kindsOfCharacters();
  let from = at;
  while (from > 0 && (kinds[text.charCodeAt(from - 1)]! & SPACE) !== 0) from--;
  return from;
}

function afterSpaces(text: string, at: number): number {
  const kinds = kindsOfCharacters();
  let to = at;
  while (to < text.length && (kinds[text.charCodeAt(to)]! & SPACE) !== 0) to++;
  return to;
}
