import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Columns that text takes on a screen: two for a wide character or an emoji, none for a colour. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Text in lines of at most so many columns, broken between words; a longer word stays whole. */
export function wrapped(text: string, columns: number): readonly string[] {
  return columns === Infinity ? text.split('\n') : wrapAnsi(text, Math.max(1, columns), { hard: false }).split('\n');
}

/** Lines that do not fit are continued below, a little further in than they began. */
export function folded(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => {
      if (line.length <= columns || widthOf(line) <= columns) return line;
      const [, colour = '', indent = ''] = BEGINNING.exec(line) ?? [];
      const further = indent.length + HANGING < columns / 2 ? `${indent}${' '.repeat(HANGING)}` : indent;
      return wrapped(colour + line.slice(colour.length + indent.length), columns - further.length)
        .map((part, i) => (i === 0 ? indent : further) + part)
        .join('\n');
    })
    .join('\n');
}

const HANGING = 2;

/** Colours, then spaces. */
const BEGINNING = new RegExp(`^((?:${String.fromCharCode(27)}\\[[\\d;]*m)*)( *)`);
