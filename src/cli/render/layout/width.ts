import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Loaded with the first text that needs it: with its tables of characters it takes a fifth of the time of `pipeline --help`. */
const stringWidth = (): typeof import('string-width').default => (require('string-width') as typeof import('string-width')).default;

/** As `stringWidth`, which it loads. */
const wrapAnsi = (): typeof import('wrap-ansi').default => (require('wrap-ansi') as typeof import('wrap-ansi')).default;

/** Columns that text takes on a screen: two for a wide character or an emoji, none for a colour. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth()(text);
}

/** Of signs that take a column each, and of which nearly all texts of ours are made. */
const PLAIN = /^[ -~·±×–’…│]*$/;

/** Text in lines of at most so many columns, broken between words; a longer word stays whole. */
export function wrapped(text: string, columns: number): readonly string[] {
  return columns === Infinity ? text.split('\n') : wrapAnsi()(text, Math.max(1, columns), { hard: false }).split('\n');
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
