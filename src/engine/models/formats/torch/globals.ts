import { shortened } from '../../../../core/text.ts';
import type { SafetensorsDtype } from '../safetensors-header.ts';
import { put, type World } from './pickle.ts';
import { SAVE_STATE_DICT, type Refuse } from './problems.ts';
import { called, isKind, isSequence, type Pickled, type Storage, type Tensor } from './values.ts';

/**
 * All that a file of weights may refer to. A name that is not here is refused before anything is made of it; a name that is here stands for
 * a case of `call` below, never for code of the file's choice.
 *
 * @param stored what a persistent id stands for, by its parts
 */
export function weightsWorld(stored: (id: readonly Pickled[]) => Storage, refuse: Refuse): World {
  return {
    global(module, name) {
      const full = `${inPython3.get(module) ?? module}.${name}`;
      if (!isAllowed(full)) throw notAllowed(full, refuse);
      return { kind: 'global', name: full };
    },
    call(callee, args, spend) {
      const make = isKind(callee, 'global') ? calls[callee.name] : undefined;
      if (make === undefined) throw refuse(`it calls ${called(callee)}, which no description of tensors needs`);
      return make(args, spend, refuse);
    },
    stored: (id) => {
      if (!isKind(id, 'tuple')) throw refuse(`it refers to ${called(id)} elsewhere in the file, not to a storage`);
      return stored(id.items);
    },
  };
}

/** The type of a storage's elements, such as `torch.FloatStorage`; undefined for what is none. Very old files name those of a GPU. */
export function storageDtype(value: Pickled | undefined): SafetensorsDtype | undefined {
  const [, name] = /^torch\.(?:cuda\.|storage\.)?(\w+)Storage$/.exec(isKind(value, 'global') ? value.name : '') ?? [];
  return name !== undefined && Object.hasOwn(storages, name) ? storages[name as keyof typeof storages] : undefined;
}

/** Beginnings of `torch.…Storage`. */
const storages = {
  Float: 'F32',
  Double: 'F64',
  Half: 'F16',
  BFloat16: 'BF16',
  Long: 'I64',
  Int: 'I32',
  Short: 'I16',
  Char: 'I8',
  Byte: 'U8',
  Bool: 'BOOL',
  Untyped: 'U8',
} as const satisfies Readonly<Record<string, SafetensorsDtype>>;

/** `torch.…`, for tensors whose storage has no type of its own. */
const dtypes: Readonly<Record<string, SafetensorsDtype>> = {
  float32: 'F32',
  float64: 'F64',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  uint16: 'U16',
  uint32: 'U32',
  uint64: 'U64',
  bool: 'BOOL',
  float8_e4m3fn: 'F8_E4M3',
  float8_e5m2: 'F8_E5M2',
};

type Call = (args: readonly Pickled[], spend: (steps: number) => void, refuse: Refuse) => Pickled;

const calls: Readonly<Record<string, Call>> = {
  'collections.OrderedDict': orderedDict,
  'torch.Size': ([sizes], _, refuse) => {
    if (!isSequence(sizes)) throw refuse(`it makes a size of ${called(sizes)}`);
    return sizes;
  },
  'torch.device': () => ({ kind: 'opaque' }),
  'torch._utils._rebuild_tensor': ([storage, offset, shape, strides], _, refuse) => tensor(storage, offset, shape, strides, refuse),
  'torch._utils._rebuild_tensor_v2': ([storage, offset, shape, strides, _requiresGrad, _hooks, marks], _, refuse) =>
    withoutMarks(tensor(storage, offset, shape, strides, refuse), marks, refuse),
  'torch._utils._rebuild_tensor_v3': ([storage, offset, shape, strides, _requiresGrad, _hooks, type, marks], _, refuse) =>
    withoutMarks({ ...tensor(storage, offset, shape, strides, refuse), dtype: dtypeOf(type, refuse) }, marks, refuse),
  'torch._utils._rebuild_parameter': ([value], _, refuse) => parameter(value, refuse),
  'torch._utils._rebuild_parameter_with_state': ([value], _, refuse) => parameter(value, refuse),
  'torch._tensor._rebuild_from_type_v2': fromType,
};

/** What is only referred to: types of storages and elements, and classes that a tensor may be of. */
const classes: readonly string[] = ['torch.Tensor', 'torch.nn.parameter.Parameter'];

function isAllowed(name: string): boolean {
  const own = name.startsWith('torch.') ? name.slice('torch.'.length) : '';
  return (
    Object.hasOwn(calls, name) ||
    Object.hasOwn(dtypes, own) ||
    classes.includes(name) ||
    storageDtype({ kind: 'global', name }) !== undefined
  );
}

/** Modules that have other names in Python 2, or another one for each system. */
const inPython3: ReadonlyMap<string, string> = new Map([['__builtin__', 'builtins'], ['copy_reg', 'copyreg']]);
const systems: readonly string[] = ['posix', 'nt'];

function notAllowed(name: string, refuse: Refuse): Error {
  const [module = '', ...rest] = name.split('.');
  const meant = systems.includes(module) ? `${shortened(name)} (os.${shortened(rest.join('.'))})` : shortened(name);
  return refuse(
    `it asks for ${meant}, which no weights need; nothing from the file was run`,
    'Take another model, or the safetensors file of this one. If the file is your own, save model.state_dict() and nothing else.',
  );
}

/** Without arguments, or as Python 2 wrote it: with a list of pairs. */
function orderedDict([pairs]: readonly Pickled[], spend: (steps: number) => void, refuse: Refuse): Pickled {
  const entries = new Map<Pickled, Pickled>();
  if (pairs === undefined) return { kind: 'dictionary', entries };
  if (!isSequence(pairs)) throw refuse(`it makes a dictionary of ${called(pairs)}`);
  spend(2 * pairs.items.length);
  for (const pair of pairs.items) {
    if (!isSequence(pair) || pair.items.length !== 2) throw refuse(`it makes a dictionary of ${called(pair)}`);
    put(entries, pair.items[0] as Pickled, pair.items[1] as Pickled, refuse);
  }
  return { kind: 'dictionary', entries };
}

/** As many axes as PyTorch's tensors may have. */
const MOST_AXES = 64;

function tensor(
  storage: Pickled | undefined,
  offset: Pickled | undefined,
  shape: Pickled | undefined,
  strides: Pickled | undefined,
  refuse: Refuse,
): Tensor {
  if (!isKind(storage, 'storage')) throw refuse(`it makes a tensor of ${called(storage)}, not of a storage`);
  const [start] = counts([offset], 'the offset', refuse);
  const [sizes, steps] = [listed(shape, 'shape', refuse), listed(strides, 'strides', refuse)];
  if (sizes.length !== steps.length) throw refuse(`a tensor in it has ${sizes.length} axes and ${steps.length} strides`);
  return { kind: 'tensor', storage, dtype: storage.dtype, offset: start as number, shape: sizes, strides: steps };
}

function listed(value: Pickled | undefined, what: string, refuse: Refuse): readonly number[] {
  if (!isSequence(value)) throw refuse(`the ${what} of a tensor in it is ${called(value)}`);
  if (value.items.length > MOST_AXES) throw refuse(`a tensor in it has ${value.items.length} axes, more than PyTorch's can have`);
  return counts(value.items, `the ${what}`, refuse);
}

function counts(values: readonly (Pickled | undefined)[], what: string, refuse: Refuse): readonly number[] {
  return values.map((value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    const shown = typeof value === 'number' || typeof value === 'bigint' ? String(value) : called(value);
    throw refuse(`${what} of a tensor in it holds ${shown}`);
  });
}

/** Bits that say that a number stands for its negative or its conjugate. */
function withoutMarks(value: Tensor, marks: Pickled | undefined, refuse: Refuse): Tensor {
  if (marks === undefined || marks === null || (isKind(marks, 'dictionary') && marks.entries.size === 0)) return value;
  throw refuse('a tensor in it is marked as a negative or conjugate view', SAVE_STATE_DICT);
}

function dtypeOf(value: Pickled | undefined, refuse: Refuse): SafetensorsDtype {
  const dtype = isKind(value, 'global') && value.name.startsWith('torch.') ? dtypes[value.name.slice('torch.'.length)] : undefined;
  if (dtype === undefined) throw refuse(`a tensor in it has the type ${called(value)}`);
  return dtype;
}

function parameter(value: Pickled | undefined, refuse: Refuse): Tensor {
  if (!isKind(value, 'tensor')) throw refuse(`it makes a parameter of ${called(value)}, not of a tensor`);
  return value;
}

/** A tensor with attributes of its own, which mean nothing for its numbers. */
function fromType([rebuild, type, args]: readonly Pickled[], spend: (steps: number) => void, refuse: Refuse): Pickled {
  const name = isKind(rebuild, 'global') ? rebuild.name : '';
  const make = /^torch\._utils\._rebuild_(?:tensor|parameter)/.test(name) ? calls[name] : undefined;
  if (make === undefined || !isKind(args, 'tuple') || !isKind(type, 'global') || !classes.includes(type.name))
    throw refuse(`it makes a tensor by ${called(rebuild)}, as ${called(type)}`);
  return make(args.items, spend, refuse);
}
