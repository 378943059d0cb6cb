/** What a word of the command line names, for the completion of shells. A setting is a key of the configuration with its value. */
export type Completion = 'file' | 'folder' | 'run' | 'stage' | 'setting' | 'none';

/** A positional argument whose value is a T. */
export interface Argument<T> {
  readonly description: string;
  readonly isRequired: boolean;
  /** It takes all the words that are left. */
  readonly isRepeated: boolean;
  readonly choices?: readonly string[];
  readonly completion: Completion;
  valueOf(words: readonly string[]): T;
}

/** By name; `unknown` stands for the type of each. */
export type Arguments = Readonly<Record<string, Argument<unknown>>>;

export const one = (description: string, completion: Completion): Argument<string> => ({
  description,
  isRequired: true,
  isRepeated: false,
  completion,
  valueOf: ([word = '']) => word,
});

export const optional = (description: string, completion: Completion): Argument<string | undefined> => ({
  description,
  isRequired: false,
  isRepeated: false,
  completion,
  valueOf: ([word]) => word,
});

export const oneOrMore = (description: string, completion: Completion): Argument<readonly string[]> => ({
  description,
  isRequired: true,
  isRepeated: true,
  completion,
  valueOf: (words) => words,
});

export const anyNumber = (description: string, completion: Completion): Argument<readonly string[]> => ({
  ...oneOrMore(description, completion),
  isRequired: false,
});

/** One of a few words. */
export const oneOf = <const C extends string>(choices: readonly C[], description: string): Argument<C> => ({
  ...one(description, 'none'),
  choices,
  valueOf([word]) {
    const chosen = choices.find((each) => each === word);
    if (chosen === undefined) throw new Error(`${word} is none of ${choices.join(', ')}`); // the parser lets none of these through
    return chosen;
  },
});
