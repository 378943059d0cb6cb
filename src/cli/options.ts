import { InvalidArgumentError } from 'commander';
import type { Completion } from './arguments.ts';

/** An option whose value, where it is given, is a T. */
export interface Option<T, Always extends boolean = boolean> {
  readonly description: string;
  /** What follows it on the command line, such as `stage`; a flag has nothing. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Taken where the option is left out. */
  readonly default?: T;
  /** What happens where the option is left out, in words. */
  readonly otherwise?: string;
  readonly isRequired?: boolean;
  readonly isRepeatable?: boolean;
  readonly completion: Completion;
  /** Whether there is a value in any case: it is required, has a default, or is a flag. */
  readonly isAlwaysThere: Always;
  /** Throws InvalidArgumentError, whose message says what is wrong with the text. */
  parse(text: string, before: T | undefined): T;
}

/** By name: `dryRun` is `--dry-run`. */
export type Options = Readonly<Record<string, Option<unknown>>>;

interface About {
  readonly otherwise?: string;
  readonly completion?: Completion;
}

/** An option that is there or not. */
export const flag = (description: string): Option<boolean, true> => ({
  description,
  default: false,
  completion: 'none',
  isAlwaysThere: true,
  parse: () => true,
});

export const text = (value: string, description: string, about: About = {}): Option<string, false> => ({
  ...valued(value, description, about),
  isAlwaysThere: false,
  parse: (given) => given,
});

export const required = (value: string, description: string, about: About = {}): Option<string, true> => ({
  ...valued(value, description, about),
  isRequired: true,
  isAlwaysThere: true,
  parse: (given) => given,
});

/** One of a few words. */
export const choice = <const C extends string>(
  value: string,
  choices: readonly C[],
  description: string,
  about: About = {},
): Option<C, false> => ({
  ...valued(value, description, about),
  choices,
  isAlwaysThere: false,
  parse: oneOf(choices),
});

/** One of a few words, which is the same as one of them where it is left out. */
export const choiceOr = <const C extends string>(
  value: string,
  choices: readonly C[],
  usual: NoInfer<C>,
  description: string,
): Option<C, true> => ({
  ...valued(value, description, {}),
  choices,
  default: usual,
  isAlwaysThere: true,
  parse: oneOf(choices),
});

export const wholeNumber = (value: string, description: string, about: About = {}): Option<number, false> => ({
  ...valued(value, description, about),
  isAlwaysThere: false,
  parse(given) {
    if (!/^\d+$/.test(given)) throw new InvalidArgumentError('It is a whole number from 0 on.');
    return Number(given);
  },
});

/** A whole number, or a word. */
export const numberOr = <const W extends string>(
  value: string,
  word: W,
  description: string,
  about: About = {},
): Option<number | W, false> => ({
  ...valued(value, description, about),
  isAlwaysThere: false,
  parse(given) {
    if (given === word) return word;
    if (!/^\d+$/.test(given)) throw new InvalidArgumentError(`It is a whole number from 0 on, or ${word}.`);
    return Number(given);
  },
});

/** The port of a server. */
export const port = (description: string, otherwise: string): Option<number, false> => ({
  ...valued('number', description, { otherwise }),
  isAlwaysThere: false,
  parse(given) {
    const number = Number(given);
    if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
    throw new InvalidArgumentError('It is a number from 1 to 65535.');
  },
});

/** Names separated by commas. */
export const names = (value: string, description: string): Option<readonly string[], false> => ({
  ...valued(value, description, {}),
  isAlwaysThere: false,
  parse: (given) => given.split(',').map((each) => each.trim()),
});

/** An option that may be given several times. */
export const repeatable = (value: string, description: string, about: About = {}): Option<readonly string[], false> => ({
  ...valued(value, description, about),
  isRepeatable: true,
  isAlwaysThere: false,
  parse: (given, before) => [...(before ?? []), given],
});

/** `--dry-run` for `dryRun`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What help and documentation say of an option: its meaning, the words it takes, and what holds without it. */
export function inWords({
  description,
  choices,
  default: usual,
  otherwise,
  isRequired = false,
  isRepeatable = false,
}: Option<unknown>): string {
  const facts = [
    ...(isRequired ? ['required'] : []),
    ...(isRepeatable ? ['repeatable'] : []),
    ...(choices === undefined ? [] : [`choices: ${choices.join(', ')}`]),
    ...(typeof usual === 'string' ? [`default: ${usual}`] : otherwise === undefined ? [] : [`default: ${otherwise}`]),
  ];
  return facts.length === 0 ? description : `${description} (${facts.join('; ')})`;
}

function valued(value: string, description: string, { completion = 'none', otherwise }: About) {
  return { value, description, completion, ...(otherwise === undefined ? {} : { otherwise }) };
}

function oneOf<C extends string>(choices: readonly C[]): (text: string) => C {
  return (given) => {
    const chosen = choices.find((each) => each === given);
    if (chosen === undefined) throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    return chosen;
  };
}
