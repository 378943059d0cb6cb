import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { root } from '../helpers/quickstart.ts';

/**
 * Every regular expression of src/ is run on long texts of the kind that makes expressions slow: many times what one of its parts
 * takes, and at the end something that no part takes. A linear one needs well under a millisecond for each, one that grows with the
 * square seconds, one that doubles with each sign does not come back.
 */
const LENGTH = 10_000;
/** Of processor time, the least of several tries: the machine has other work. A square of the length takes a hundred. */
const MOST_MS = 40;
const TRIES = 4;

interface Found {
  readonly file: string;
  readonly source: string;
  readonly flags: string;
}

const literal =
  /(?:^|[=(,:;!&|?{}[\n>]|\breturn)\s*\/((?:[^/\\\n[*]|\\.|\[(?:[^\]\\\n]|\\.)*\])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])*)\/([dgimsuvy]*)/gm;

const expressions: readonly Found[] = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => {
    const code = readFileSync(join(root, 'src', name), 'utf8').replace(/^\s*(\*|\/\/|\/\*\*).*$/gm, '');
    return [...code.matchAll(literal)].map(([, source = '', flags = '']): Found => ({ file: name, source, flags }));
  })
  .filter(({ source }) => /[+*]|\{\d+,\}/.test(source));

/** What repeats: signs that expressions are made of, and pairs of them. */
const SIGNS = [
  ' ',
  'a',
  '1',
  '-',
  '_',
  '.',
  ',',
  '/',
  '<',
  '>',
  '"',
  '\\"',
  '\\',
  '@',
  ':',
  '~',
  '=',
  '[',
  ']',
  '(',
  '#',
  '%',
  '\n',
  '\r\n',
  '\t',
  'é',
];
const PAIRS = ['a ', 'a.', 'a-', '1,', '1.', ' \n', '://', 'a://', '[]', '<a', '""', 'so.', '..', './'];
const PREFIXES = ['', 'a', '"', '[', 'lib'];
const END = '\u0000!x';

describe('regular expressions', () => {
  it('are found', () => {
    expect(expressions.length).toBeGreaterThan(40);
    expect(expressions.map(({ source }) => source)).toContain('^\\d+$');
  });

  it.each([...new Map(expressions.map((each) => [each.source + each.flags, each])).values()])('are linear: $source in $file', ({ source, flags }) => {
    const slow: string[] = [];
    for (const unit of [...SIGNS, ...PAIRS]) {
      const middle = unit.repeat(Math.ceil(LENGTH / unit.length));
      for (const prefix of PREFIXES) {
        let least = Infinity;
        for (let i = 0; i < TRIES && least > MOST_MS; i += 1) least = Math.min(least, msFor(source, flags, `${prefix}${middle}${END}`));
        if (least > MOST_MS) slow.push(`${JSON.stringify(prefix)} and many ${JSON.stringify(unit)}: ${least} ms`);
      }
      if (slow.length > 0) break;
    }
    expect(slow).toEqual([]);
  });
});

/** In a machine of its own that can be stopped: one that doubles would never come back. */
const machine = createContext({});
const program = new Script(`text.replace(new RegExp(source, flags), '')`);

function msFor(source: string, flags: string, text: string): number {
  Object.assign(machine, { source, flags, text });
  const began = process.cpuUsage();
  try {
    program.runInContext(machine, { timeout: 2000 });
  } catch {
    return Infinity;
  }
  return process.cpuUsage(began).user / 1000;
}
