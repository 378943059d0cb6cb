import type { Part } from './definition.ts';
import { isTokenId } from './added-tokens.ts';
import { isObject } from '../../../core/shapes.ts';

/** Special tokens, or the place of the first or the second text, with the token type (segment) that the model gets. */
export type TemplatePiece = { readonly ids: readonly number[]; readonly type: number } | { readonly text: 0 | 1; readonly type: number };

/** What stands around a text and around two. */
export interface Template {
  readonly single: readonly TemplatePiece[];
  /** Undefined where there is none. */
  readonly pair: readonly TemplatePiece[] | undefined;
}

/** The special tokens of a post-processor. Throws an Error for one that is not known, or where they do not stand around the text. */
export function templateOf(part: Part | null, idOf: (token: string) => number): Template {
  const templates = everyProcessor(part).flatMap((processor) => readTemplate(processor, idOf) ?? []);
  if (templates.length > 1) throw new Error('it has more than one set of special tokens');
  const template = templates[0] ?? PLAIN;
  if (!hasTexts(template.single, [0])) throw new Error('its special tokens do not surround the text');
  return hasTexts(template.pair ?? [], [0, 1]) ? template : { single: template.single, pair: undefined };
}

/** The ids of a template's special tokens. */
export function specialsOf(pieces: readonly TemplatePiece[]): number {
  return pieces.reduce((sum, piece) => sum + ('ids' in piece ? piece.ids.length : 0), 0);
}

/** The texts' ids with the special tokens, and their types. */
export function filled(
  pieces: readonly TemplatePiece[],
  texts: readonly (readonly number[])[],
): { readonly ids: readonly number[]; readonly types: readonly number[] } {
  const ids = pieces.flatMap((piece) => ('ids' in piece ? piece.ids : (texts[piece.text] ?? [])));
  const types = pieces.flatMap((piece) => ('ids' in piece ? piece.ids : (texts[piece.text] ?? [])).map(() => piece.type));
  return { ids, types };
}

const A = (type: number): TemplatePiece => ({ text: 0, type });
const B = (type: number): TemplatePiece => ({ text: 1, type });
const PLAIN: Template = { single: [A(0)], pair: [A(0), B(1)] };

const everyProcessor = (part: Part | null): readonly Part[] =>
  part === null ? [] : part.type === 'Sequence' ? ((part['processors'] ?? []) as readonly Part[]).flatMap(everyProcessor) : [part];

function hasTexts(pieces: readonly TemplatePiece[], wanted: readonly number[]): boolean {
  const texts = pieces.flatMap((piece) => ('text' in piece ? [piece.text] : []));
  return texts.length === wanted.length && wanted.every((text) => texts.includes(text as 0 | 1));
}

/** Undefined for a part that adds no tokens. */
function readTemplate(part: Part, idOf: (token: string) => number): Template | undefined {
  switch (part.type) {
    case 'ByteLevel':
      return undefined;
    case 'BertProcessing': {
      const [cls, sep] = [one(part['cls'], idOf), one(part['sep'], idOf)];
      return { single: [cls(0), A(0), sep(0)], pair: [cls(0), A(0), sep(0), B(1), sep(1)] };
    }
    case 'RobertaProcessing': {
      const [cls, sep] = [one(part['cls'], idOf), one(part['sep'], idOf)];
      return { single: [cls(0), A(0), sep(0)], pair: [cls(0), A(0), sep(0), sep(0), B(0), sep(0)] };
    }
    case 'TemplateProcessing': {
      const read = (pieces: unknown): readonly TemplatePiece[] => asList(pieces).map((piece) => templatePiece(piece, part, idOf));
      return { single: read(part['single']), pair: read(part['pair']) };
    }
    default:
      throw new Error(`its post-processor ${part.type} is not known`);
  }
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A token with its id, as the older processors write it. */
function one(token: unknown, idOf: (token: string) => number): (type: number) => TemplatePiece {
  const [content, id] = asList(token);
  const ids = [isTokenId(id) ? id : idOf(String(content))];
  return (type) => ({ ids, type });
}

function templatePiece(piece: unknown, part: Part, idOf: (token: string) => number): TemplatePiece {
  const { SpecialToken: token, Sequence: text } = (isObject(piece) ? piece : {}) as {
    readonly SpecialToken?: { readonly id?: unknown; readonly type_id?: unknown };
    readonly Sequence?: { readonly id?: unknown; readonly type_id?: unknown };
  };
  const type = Number((token ?? text)?.type_id ?? 0);
  if (text?.id === 'A' || text?.id === 'B') return { text: text.id === 'A' ? 0 : 1, type };
  if (typeof token?.id !== 'string' || !Number.isInteger(type))
    throw new Error(`its template has ${JSON.stringify(piece)}, which is neither a text nor a token`);
  const tokens = isObject(part['special_tokens']) ? part['special_tokens'] : {};
  const described = Object.hasOwn(tokens, token.id) ? tokens[token.id] : undefined;
  const ids = asList(isObject(described) ? described['ids'] : undefined);
  return { ids: ids.length > 0 && ids.every(isTokenId) ? ids : [idOf(token.id)], type };
}
