import type { Text } from '../../data/texts/index.ts';
import { count } from '../../core/text.ts';
import { isObject } from '../../core/shapes.ts';
import { problemOf, type ProblemDetails } from './problem.ts';

/** What a request may hold. */
export interface BodyLimits {
  readonly maxTexts: number;
  /** Characters of a text, as JavaScript counts them; of a pair, those of each. */
  readonly maxCharacters: number;
}

/** The texts of a body, or what is wrong with it. The schema of openapi.json says the same. */
export function textsOfBody(body: unknown, pairs: boolean | null, limits: BodyLimits): readonly Text[] | ProblemDetails {
  if (!isObject(body)) return invalid('', 'the body is not a JSON object');
  const stranger = Object.keys(body).find((key) => key !== 'text' && key !== 'texts');
  if (stranger !== undefined) return invalid('', `the body has a member ${JSON.stringify(stranger.slice(0, 100))}; it takes text or texts`);
  const { text, texts } = body;
  if ((text === undefined) === (texts === undefined)) return invalid('', 'the body has either a member text or a member texts');
  if (texts === undefined) {
    const wrong = wrongWith(text, '/text', pairs, limits);
    return wrong ?? [text as Text];
  }
  if (!Array.isArray(texts)) return invalid('/texts', 'texts is not a list; a single text is named text');
  if (texts.length === 0) return invalid('/texts', 'texts is empty');
  if (texts.length > limits.maxTexts) {
    const detail = `texts has ${count(texts.length)} members; a request may have ${count(limits.maxTexts)}`;
    return problemOf(413, 'too-many-texts', detail, { pointer: '/texts' });
  }
  for (const [i, each] of texts.entries()) {
    const wrong = wrongWith(each, `/texts/${i}`, pairs, limits);
    if (wrong !== undefined) return wrong;
  }
  return texts as readonly Text[];
}

function wrongWith(text: unknown, pointer: string, pairs: boolean | null, limits: BodyLimits): ProblemDetails | undefined {
  if (typeof text === 'string' && pairs !== true) return tooLong(text, pointer, limits);
  if (isPair(text) && pairs !== false) return tooLong(text[0], `${pointer}/0`, limits) ?? tooLong(text[1], `${pointer}/1`, limits);
  return invalid(pointer, `a text is ${pairs === null ? `${SINGLE}, or ${PAIR}` : pairs ? PAIR : SINGLE} for this model`);
}

const SINGLE = 'a string';
const PAIR = 'a list of two strings';

function isPair(text: unknown): text is readonly [string, string] {
  return Array.isArray(text) && text.length === 2 && text.every((each) => typeof each === 'string');
}

function tooLong(text: string, pointer: string, { maxCharacters }: BodyLimits): ProblemDetails | undefined {
  if (text.length <= maxCharacters) return undefined;
  const detail = `the text has ${count(text.length)} characters; a text may have ${count(maxCharacters)}`;
  return problemOf(413, 'text-too-long', detail, { pointer });
}

const invalid = (pointer: string, detail: string): ProblemDetails => problemOf(400, 'invalid-body', detail, { pointer });
