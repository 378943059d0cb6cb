import { quoted } from '../../data/problems.ts';
import type { Examples } from '../../data/examples/index.ts';

/** Texts with a class each, or a grade, or with and without a label. */
export interface ClassRows extends Examples {
  /** Positions in `classes`. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** Those of classes where they are left out. */
  readonly words?: LeakWords;
}

/** What sentences about leaks call what is given away. */
export interface LeakWords {
  /** `the class` */
  readonly what: string;
  /** `the class "a"` */
  one(name: string): string;
  /** `a row of class "a"` */
  rowOf(name: string): string;
  /** After texts: `of that class`. */
  ofOne(name: string): string;
  readonly single: string;
  readonly many: string;
}

export const CLASS_LEAKS: LeakWords = wordsFor('class', 'classes');
export const GRADE_LEAKS: LeakWords = wordsFor('grade', 'grades');

/** Without a label, and with it. */
export const LABEL_CLASSES = ['0', '1'] as const;

/** Of a label, which a row has or has not: the second of two classes. */
export function labelLeaks(label: string): LeakWords {
  const what = `the label ${quoted(label)}`;
  const has = (name: string): boolean => name === LABEL_CLASSES[1];
  return {
    what,
    one: (name) => (has(name) ? what : `the absence of ${what}`),
    rowOf: (name) => `a row ${has(name) ? 'with' : 'without'} ${what}`,
    ofOne: (name) => (has(name) ? 'with that label' : 'without that label'),
    single: 'label',
    many: 'labels',
  };
}

function wordsFor(one: string, many: string): LeakWords {
  return {
    what: `the ${one}`,
    one: (name) => `the ${one} ${quoted(name)}`,
    rowOf: (name) => `a row of ${one} ${quoted(name)}`,
    ofOne: () => `of that ${one}`,
    single: one,
    many,
  };
}
