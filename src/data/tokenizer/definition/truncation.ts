import { OrtrainError } from '../../../core/errors.ts';

/** Which of two texts is cut where both are too long together: the longer one first, or always the first or the second. */
export type Truncation = 'longest_first' | 'only_first' | 'only_second';

/**
 * How many tokens of each text are kept, as the Rust library has it. `longest_first` cuts the longer one where that is enough, otherwise
 * both to a half; of an odd number the longer one gets one more, the second where they are equally long. Throws a `data` error where
 * cutting the one text that may be cut leaves nothing of it.
 */
export function roomFor([first, second]: readonly [number, number], room: number, truncation: Truncation): readonly [number, number] {
  const excess = first + second - room;
  if (excess <= 0) return [first, second];
  if (truncation === 'longest_first') {
    const [shorter, longer] = first > second ? [second, first] : [first, second];
    const half = Math.floor(room / 2);
    const kept = shorter <= half ? [shorter, Math.min(longer, room - shorter)] as const : [half, room - half] as const;
    return first > second ? [kept[1], kept[0]] : [kept[0], kept[1]];
  }
  const kept = (truncation === 'only_first' ? first : second) - excess;
  if (kept <= 0) throw tooLong(truncation, room);
  return truncation === 'only_first' ? [kept, second] : [first, kept];
}

function tooLong(truncation: Exclude<Truncation, 'longest_first'>, room: number): OrtrainError {
  const [other, only] = truncation === 'only_first' ? ['second', 'first'] : ['first', 'second'];
  return new OrtrainError('data', `the ${other} text is too long: it leaves no token of ${room} to the ${only} one`, {
    subject: TRUNCATION,
    remedy: `Only the ${only} text may be cut (${truncation}); set ${TRUNCATION} to longest_first, or model.max_seq_length higher.`,
  });
}

/** The subject of errors that are about one row's texts. */
export const TRUNCATION = 'model.truncation';
