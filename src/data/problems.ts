import { OrtrainError, type Problem } from '../core/errors.ts';
import { visible } from '../core/printable.ts';

/** More problems than this say nothing new; the rest are counted. */
const SHOWN_PROBLEMS = 20;
const QUOTED_CHARACTERS = 60;

/** A `data` error about a file, with the first of its problems in full. */
export function dataError(message: string, file: string, problems: readonly Problem[], remedy: string): OrtrainError {
  const hidden = problems.length - SHOWN_PROBLEMS;
  const shown = hidden > 0 ? [...problems.slice(0, SHOWN_PROBLEMS), { message: `and ${hidden} more`, file }] : problems;
  return new OrtrainError('data', message, { subject: file, problems: shown, remedy });
}

/** Texts in quotes, joined by commas; of a long list only the beginning. */
export function quotedList(texts: readonly string[], most = 10): string {
  const list = texts.slice(0, most).map(quoted).join(', ');
  return texts.length > most ? `${list} and ${texts.length - most} more` : list;
}

/** A text in double quotes, escaped as in JSON, invisible characters too, and cut to a length that fits a line. */
export function quoted(text: string): string {
  // Cut between characters, not between the two halves of one.
  const beginning = Array.from(text.slice(0, 2 * QUOTED_CHARACTERS + 2));
  return visible(JSON.stringify(beginning.length > QUOTED_CHARACTERS ? `${beginning.slice(0, QUOTED_CHARACTERS).join('')}…` : text));
}
