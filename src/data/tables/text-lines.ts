import { valueAt } from '../../core/values.ts';
import { encodingOf, OTHER_ENCODINGS } from '../../core/encodings.ts';
import type { Problem } from '../../core/errors.ts';
import { dataError } from '../problems.ts';
import { decoded } from './bytes/decode.ts';
import { lineNumbers } from './lines.ts';
import { remedyFor } from './remedies.ts';
import { sniffed } from './bytes/sniff.ts';

/** One text a line, an empty line an empty text; what follows the last line end is a text where it is not empty. */
export function parseLines(bytes: Uint8Array, file: string, label = 'utf-8'): readonly string[] {
  const refuse = (message: string, remedy: string): Error => dataError(`${file} cannot be read as text`, file, [{ message, file }], remedy);
  const encoding = encodingOf(label);
  if (encoding === undefined) throw refuse(`there is no encoding ${label}`, OTHER_ENCODINGS);
  const other = sniffed(bytes, 'lines', '.txt', encoding);
  if (other !== undefined)
    throw refuse(`${file} is ${other.is}`, other.remedy.replace(/^Give it a name .*$/, 'Unpack it, or convert it, and give that.'));
  const text = decoded(bytes, encoding);
  if ('refused' in text) throw refuse(text.refused, text.remedy);
  if (text.problems.length > 0) {
    const lines = lineNumbers(text.bytes, text.problems.map(({ offset }) => offset));
    const problems = text.problems.map(({ message }, i): Problem => ({ message, line: valueAt(lines, i), file }));
    throw dataError(`${file} cannot be read as text`, file, problems, remedyFor('tsv', text.problems, false));
  }
  const lines = new TextDecoder().decode(text.bytes).split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
