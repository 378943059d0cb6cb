import { shortened } from '../../../../core/text.ts';
import { SAVE_STATE_DICT, type Refuse } from './problems.ts';
import { called, isKind, type Dictionary, type Pickled, type Tensor } from './values.ts';

/** A model's tensors by name, and sentences about what stands beside them. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly notices: readonly string[];
}

/** Under which training programs keep a model's tensors beside what else they save. */
const NESTS: readonly string[] = ['state_dict', 'model_state_dict', 'model', 'module', 'model_state', 'net', 'weights'];

const ONE_STATE_DICT = 'Save the state_dict() of the one that you mean by itself.';

/**
 * The tensors of what a file holds: of a dictionary of tensors, or of the one that stands in it under a name that training programs use.
 *
 * @param file for the notices
 */
export function stateDictOf(value: Pickled, file: string, refuse: Refuse): StateDict {
  if (isKind(value, 'tensor')) throw refuse('it holds one tensor without a name', SAVE_STATE_DICT);
  if (!isKind(value, 'dictionary')) throw refuse(`it holds ${called(value)}, not a dictionary of tensors`, SAVE_STATE_DICT);
  // Beside a model's tensors in a dictionary of their own others may stand, such as the state of a random generator.
  const nests = NESTS.flatMap((nest) => {
    const inner = value.entries.get(nest);
    return isKind(inner, 'dictionary') && tensorCount(inner) > 0 ? [{ nest, inner }] : [];
  });
  const [first, second] = nests;
  if (first === undefined && tensorCount(value) > 0) return named(value, file, refuse);
  if (first === undefined) throw refuse(withoutTensors(value), SAVE_STATE_DICT);
  if (second !== undefined) throw refuse(`it holds several models, ${nests.map(({ nest }) => nest).join(' and ')}`, ONE_STATE_DICT);
  const { tensors, notices } = named(first.inner, file, refuse);
  return { tensors, notices: [`${file}: the tensors are those under ${first.nest}; everything beside them is ignored`, ...notices] };
}

function tensorCount({ entries }: Dictionary): number {
  let tensors = 0;
  for (const value of entries.values()) tensors += Number(isKind(value, 'tensor'));
  return tensors;
}

function named({ entries }: Dictionary, file: string, refuse: Refuse): StateDict {
  const tensors = new Map<string, Tensor>();
  const others: string[] = [];
  for (const [key, value] of entries) {
    if (!isKind(value, 'tensor')) others.push(typeof key === 'string' ? shortened(key) : called(key));
    else if (typeof key !== 'string') throw refuse(`it names a tensor by ${called(key)}, not by a text`, SAVE_STATE_DICT);
    else tensors.set(key, value);
  }
  return { tensors, notices: others.length === 0 ? [] : [`${file} has entries that are not tensors; they are ignored: ${some(others)}`] };
}

const SHOWN = 3;

function withoutTensors({ entries }: Dictionary): string {
  if (entries.has('param_groups')) return "it holds the state of an optimizer, not a model's tensors";
  const keys = [...entries.keys()].filter((key) => typeof key === 'string');
  if (keys.length === 0) return 'it holds an empty dictionary';
  return `it holds no tensors under their names, but ${some(keys.map(shortened))}`;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}
