import { withLerp } from './arithmetic.ts';
import type { UpdateRule } from './rules.ts';

/** How many operations the update of one number takes: the rule, carried out over an arithmetic that only counts. */
export function operationsPerNumber({ slots, scalars, update }: UpdateRule): number {
  let count = 0;
  const counted = (): null => {
    count += 1;
    return null;
  };
  const counting = withLerp<null>({ add: counted, sub: counted, mul: counted, div: counted, max: counted, sqrt: counted });
  const nothing = (names: readonly string[]): Readonly<Record<string, null>> => Object.fromEntries(names.map((name) => [name, null]));
  update(counting, null, null, nothing(slots), nothing(Object.keys(scalars)));
  return count;
}
