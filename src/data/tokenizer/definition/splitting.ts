import { kindsOfCharacters } from '../characters/characters.ts';
import type { Span } from './patterns.ts';

/** What becomes of the places that a pre-tokenizer finds: the names that tokenizer.json uses. */
const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;

export type Behavior = (typeof BEHAVIORS)[number];

/** Throws an Error for a behavior of another name. */
export function behaviorOf(name: unknown): Behavior {
  const behavior = BEHAVIORS.find((known) => known === name);
  if (behavior === undefined) throw new Error(`its pre-tokenizer splits with the behavior ${JSON.stringify(name)}, which is not known`);
  return behavior;
}

/** Cuts a text at what was found in it; with `invert` what lies between counts as found. No piece is empty. */
export function split(text: string, found: Iterable<Span>, behavior: Behavior, invert = false): string[] {
  const pieces: { readonly from: number; readonly to: number; readonly isMatch: boolean }[] = [];
  let end = 0;
  for (const [from, to] of found) {
    if (end !== from) pieces.push({ from: end, to: from, isMatch: invert });
    pieces.push({ from, to, isMatch: !invert });
    end = to;
  }
  if (end !== text.length) pieces.push({ from: end, to: text.length, isMatch: invert });
  const kept = behavior === 'Removed' ? pieces.filter(({ isMatch }) => !isMatch) : pieces;
  const spans = JOINS[behavior] === undefined ? kept : joined(kept, JOINS[behavior]);
  return spans.flatMap(({ from, to }) => (from < to ? [text.slice(from, to)] : []));
}

/** Runs of characters of a kind, or each of them. */
export function* runsOf(text: string, kind: number, together: boolean): Iterable<Span> {
  const kinds = kindsOfCharacters();
  let [at, from] = [0, -1];
  for (const character of text) {
    const isOfKind = (kinds[character.codePointAt(0)!]! & kind) !== 0;
    if (from !== -1 && !(isOfKind && together)) {
      yield [from, at];
      from = -1;
    }
    if (isOfKind && from === -1) from = at;
    at += character.length;
  }
  if (from !== -1) yield [from, at];
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly isMatch: boolean;
}

/** Whether a piece belongs to the one before it. */
const JOINS: Readonly<Partial<Record<Behavior, (before: Piece, piece: Piece) => boolean>>> = {
  Contiguous: (before, piece) => before.isMatch === piece.isMatch,
  MergedWithPrevious: (before, piece) => piece.isMatch && !before.isMatch,
  MergedWithNext: (before, piece) => before.isMatch && !piece.isMatch,
};

function joined(pieces: readonly Piece[], belongs: (before: Piece, piece: Piece) => boolean): readonly Piece[] {
  const spans: { from: number; to: number }[] = [];
  pieces.forEach((piece, i) => {
    const [last, before] = [spans.at(-1), pieces[i - 1]];
    if (last !== undefined && before !== undefined && belongs(before, piece)) last.to = piece.to;
    else spans.push({ from: piece.from, to: piece.to });
  });
  return spans.map((span) => ({ ...span, isMatch: true }));
}
