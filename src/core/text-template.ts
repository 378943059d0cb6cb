/** Text as it stands, or a column whose value goes there. */
export type TemplatePart = string | { readonly column: string };

/** Why a template cannot be read, as a sentence without a full stop. */
export interface TemplateProblem {
  readonly problem: string;
}

/**
 * The parts of `{keyword}: {text}`; `{{` and `}}` are braces. Without a column in braces the whole is the name of one, so that most columns
 * are written as they are, and `text{{1}}` is the column `text{1}`; inside braces such a name is written alike, `{text{{1}}}`.
 */
export function templateParts(source: string): readonly TemplatePart[] | TemplateProblem {
  const parts: TemplatePart[] = [];
  let literal = '';
  for (let at = 0; at < source.length; ) {
    const brace = source[at];
    if (brace !== '{' && brace !== '}') {
      literal += source[at++];
      continue;
    }
    if (source[at + 1] === brace) {
      literal += brace;
      at += 2;
      continue;
    }
    if (brace === '}') return { problem: `the brace } at character ${at + 1} closes nothing; }} stands for a brace` };
    const named = columnAt(source, at + 1);
    if (named === undefined) return { problem: `the brace { at character ${at + 1} is not closed; {{ stands for a brace` };
    if (named.column === '') return { problem: `the braces at character ${at + 1} name no column` };
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push({ column: named.column });
    at = named.end;
  }
  if (parts.length === 0) return [{ column: literal }];
  return literal === '' ? parts : [...parts, literal];
}

/** The name that begins there, and the place behind the brace that ends it; undefined where none does. */
function columnAt(source: string, start: number): { readonly column: string; readonly end: number } | undefined {
  let [column, open] = ['', 0];
  for (let at = start; at < source.length; ) {
    const [character, next] = [source[at]!, source[at + 1]];
    if (character === '}' && open === 0) return { column, end: at + 1 };
    if (character === '{' || character === '}') {
      if (next !== character) return undefined;
      open += character === '{' ? 1 : -1;
      at += 2;
    } else at++;
    column += character;
  }
  return undefined;
}
