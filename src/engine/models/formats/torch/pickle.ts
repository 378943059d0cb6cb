/**
 * An interpreter of the instructions that PyTorch's `torch.save` writes, protocols 2 to 5 of Python's pickle. It makes data alone: names
 * are looked up in a list, and what may be called is a case of `World.call`. Its time and memory have bounds, whatever the file says.
 * The instructions are those of pickletools.py in Python's library.
 */
import { shortened } from '../../../../core/text.ts';
import type { Cursor } from './cursor.ts';
import type { Refuse } from './problems.ts';
import { called, isKind, type Pickled } from './values.ts';

/** What a pickle may refer to. */
export interface World {
  /** The thing of that name; throws where it is not allowed. */
  global(module: string, name: string): Pickled;
  /** What a call of something that `global` gave comes to. `spend` accounts for work beyond a step or two. */
  call(callee: Pickled, args: readonly Pickled[], spend: (steps: number) => void): Pickled;
  /** What the file holds elsewhere. */
  stored(id: Pickled): Pickled;
}

/** The value of one pickle; the cursor stands behind it afterwards. */
export function unpickle(input: Cursor, world: World, refuse: Refuse): Pickled {
  const machine = openMachine(input, world, refuse);
  for (;;) {
    machine.spend(1);
    const code = input.byte();
    if (code === STOP) return machine.pop();
    const instruction = instructions[code];
    if (instruction === undefined) {
      const shown = `0x${code.toString(16).padStart(2, '0')}`;
      throw refuse(`its description of the tensors has the instruction ${shown}, which torch.save never writes`);
    }
    instruction(machine);
  }
}

const STOP = 0x2e;

/** Models of ten thousand tensors need a million steps. */
const MOST_STEPS = 2 ** 23;
/** What takes memory: up to a hundred bytes each, a dictionary four times as much. */
const MOST_OBJECTS = 2 ** 21;
/** In bytes. */
const LONGEST_NAME = 2 ** 12;
/** Longer than any name of a module, a class or a tensor, and than what training scripts note down beside them. */
const LONGEST_TEXT = 2 ** 20;

interface Machine {
  readonly input: Cursor;
  readonly world: World;
  readonly refuse: Refuse;
  spend(steps: number): void;
  push(value: Pickled): void;
  /** Pushes a value that takes memory. */
  make(value: Pickled): void;
  pop(): Pickled;
  top(): Pickled;
  mark(): void;
  /** The values above the last mark, which is taken away. */
  popMark(): Pickled[];
  remember(index: number): void;
  readonly remembered: ReadonlyMap<number, Pickled>;
}

function openMachine(input: Cursor, world: World, refuse: Refuse): Machine {
  const stack: Pickled[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Pickled>();
  let [steps, objects] = [0, 0];
  const spend = (more: number): void => {
    if ((steps += more) > MOST_STEPS) throw refuse('its description of the tensors is longer than that of any model');
  };
  const count = (more = 1): void => {
    if ((objects += more) > MOST_OBJECTS) throw refuse('its description of the tensors has more parts than that of any model');
  };
  const push = (value: Pickled): void => void stack.push(value);
  const there = (): Pickled => {
    const value = stack.at(-1);
    if (value === undefined || stack.length <= (marks.at(-1) ?? 0))
      throw refuse('its description of the tensors takes a value where there is none');
    return value;
  };
  return {
    input,
    world,
    refuse,
    spend,
    push,
    make: (value) => {
      count(isKind(value, 'dictionary') ? 4 : 1);
      push(value);
    },
    pop: () => {
      const value = there();
      stack.pop();
      return value;
    },
    top: there,
    mark: () => {
      count();
      marks.push(stack.length);
    },
    popMark: () => {
      const mark = marks.pop();
      if (mark === undefined) throw refuse('its description of the tensors ends a list that it never began');
      return stack.splice(mark);
    },
    remember: (index) => {
      if (!memo.has(index)) count();
      memo.set(index, there());
    },
    remembered: memo,
  };
}

type Instruction = (machine: Machine) => void;

const instructions: Readonly<Record<number, Instruction>> = {
  0x80: ({ input, refuse }) => {
    const protocol = input.byte();
    if (protocol < 2 || protocol > 5) throw refuse(`its pickles are of protocol ${protocol}; 2 to 5 can be read`);
  },
  0x95: ({ input }) => void input.bytes(8), // FRAME
  0x28: ({ mark }) => mark(), // MARK

  // numbers, texts, bytes
  0x4e: ({ push }) => push(null),
  0x88: ({ push }) => push(true),
  0x89: ({ push }) => push(false),
  0x4a: ({ push, input }) => push(input.view(4).getInt32(0, true)), // BININT
  0x4b: ({ push, input }) => push(input.byte()), // BININT1
  0x4d: ({ push, input }) => push(input.view(2).getUint16(0, true)), // BININT2
  0x47: ({ push, input }) => push(input.view(8).getFloat64(0)), // BINFLOAT, big-endian
  0x8a: ({ make, input }) => make(longInteger(input.bytes(input.byte()))), // LONG1
  0x58: (machine) => text(machine, machine.input.view(4).getUint32(0, true)), // BINUNICODE
  0x8c: (machine) => text(machine, machine.input.byte()), // SHORT_BINUNICODE
  0x8d: (machine) => text(machine, length64(machine)), // BINUNICODE8
  0x55: (machine) => text(machine, machine.input.byte(), 'latin1'), // SHORT_BINSTRING, of Python 2
  0x54: (machine) => text(machine, machine.input.view(4).getUint32(0, true), 'latin1'), // BINSTRING
  0x53: ({ make, input, refuse }) => make(decoded(input.line(LONGEST_NAME), refuse)), // STRING, which torch.save never writes
  0x43: (machine) => skipped(machine, machine.input.byte()), // SHORT_BINBYTES
  0x42: (machine) => skipped(machine, machine.input.view(4).getUint32(0, true)), // BINBYTES
  0x8e: (machine) => skipped(machine, length64(machine)), // BINBYTES8

  // lists, tuples, dictionaries
  0x5d: ({ make }) => make({ kind: 'list', items: [] }),
  0x7d: ({ make }) => make({ kind: 'dictionary', entries: new Map() }),
  0x29: ({ make }) => make({ kind: 'tuple', items: [] }),
  0x85: ({ make, pop }) => make({ kind: 'tuple', items: [pop()] }),
  0x86: ({ make, pop }) => make({ kind: 'tuple', items: [pop(), pop()].reverse() }),
  0x87: ({ make, pop }) => make({ kind: 'tuple', items: [pop(), pop(), pop()].reverse() }),
  0x74: ({ make, popMark }) => make({ kind: 'tuple', items: popMark() }),
  0x61: (machine) => append(machine, [machine.pop()]),
  0x65: (machine) => append(machine, machine.popMark()),
  0x73: (machine) => setItems(machine, [machine.pop(), machine.pop()].reverse()),
  0x75: (machine) => setItems(machine, machine.popMark()),

  // the memo
  0x71: ({ remember, input }) => remember(input.byte()),
  0x72: ({ remember, input }) => remember(input.view(4).getUint32(0, true)),
  0x94: ({ remember, remembered }) => remember(remembered.size), // MEMOIZE
  0x68: (machine) => recall(machine, machine.input.byte()),
  0x6a: (machine) => recall(machine, machine.input.view(4).getUint32(0, true)),

  // names, calls, what lies elsewhere
  0x63: ({ make, input, world, refuse }) => {
    const [module, name] = [input.line(LONGEST_NAME), input.line(LONGEST_NAME)].map((line) => decoded(line, refuse));
    make(world.global(module ?? '', name ?? ''));
  },
  0x69: ({ input, world, refuse }) => {
    // INST, which torch.save never writes: what it asks for is named all the same.
    const [module, name] = [input.line(LONGEST_NAME), input.line(LONGEST_NAME)].map((line) => decoded(line, refuse));
    throw refuse(`it makes an object of ${called(world.global(module ?? '', name ?? ''))}, which no description of tensors needs`);
  },
  0x93: ({ make, pop, world, refuse }) => {
    const [name, module] = [pop(), pop()];
    if (typeof name !== 'string' || typeof module !== 'string')
      throw refuse(`its description of the tensors asks for ${called(name)} of ${called(module)}, which is no name`);
    make(world.global(module, name));
  },
  0x52: ({ make, pop, world, spend, refuse }) => {
    const [args, callee] = [pop(), pop()];
    if (!isKind(args, 'tuple')) throw refuse(`it calls ${called(callee)} with ${called(args)}`);
    make(world.call(callee, args.items, spend));
  },
  0x81: ({ pop, refuse }) => {
    pop();
    throw refuse(`it makes an object of ${called(pop())}, which no description of tensors needs`);
  },
  0x51: ({ make, pop, world }) => make(world.stored(pop())),
  0x62: ({ pop, top, refuse }) => {
    // What an OrderedDict has besides its items: `_metadata`, the versions of the model's modules.
    if (!isKind(pop(), 'dictionary') || !isKind(top(), 'dictionary'))
      throw refuse(`it sets attributes of ${called(top())}, which no description of tensors needs`);
  },
};

function length64({ input, refuse }: Machine): number {
  const length = input.view(8).getBigUint64(0, true);
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw refuse(`a text in its description of the tensors has ${length} bytes`);
  return Number(length);
}

function text({ make, input, spend, refuse }: Machine, length: number, encoding?: 'latin1'): void {
  if (length > LONGEST_TEXT) throw refuse(`a text in its description of the tensors has ${length} bytes, more than any name of a tensor`);
  spend(length >> 4);
  const bytes = input.bytes(length);
  make(encoding === undefined ? decoded(bytes, refuse) : Buffer.from(bytes).toString(encoding));
}

function decoded(bytes: Uint8Array, refuse: Refuse): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse('a name in its description of the tensors is not UTF-8');
  }
}

/** Bytes mean nothing for a tensor: they are passed over. */
function skipped({ make, input, refuse }: Machine, length: number): void {
  if (length > LONGEST_TEXT) throw refuse(`its description of the tensors holds ${length} bytes that belong to no tensor`);
  input.bytes(length);
  make({ kind: 'bytes' });
}

function longInteger(bytes: Uint8Array): number | bigint {
  const magnitude = bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const value = BigInt.asIntN(Math.max(8, 8 * bytes.length), magnitude);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function append({ top, spend, refuse }: Machine, items: readonly Pickled[]): void {
  const list = top();
  if (!isKind(list, 'list')) throw refuse(`its description of the tensors adds a value to ${called(list)}`);
  spend(items.length);
  for (const item of items) list.items.push(item);
}

function setItems({ top, spend, refuse }: Machine, items: readonly Pickled[]): void {
  const dictionary = top();
  if (!isKind(dictionary, 'dictionary')) throw refuse(`its description of the tensors sets a value of ${called(dictionary)}`);
  if (items.length % 2 === 1) throw refuse('its description of the tensors has a key without a value');
  spend(items.length);
  for (let i = 0; i < items.length; i += 2) put(dictionary.entries, items[i] as Pickled, items[i + 1] as Pickled, refuse);
}

/** A key that is there already would hide what it stands for from one reader, and show it to another. */
export function put(entries: Map<Pickled, Pickled>, key: Pickled, value: Pickled, refuse: Refuse): void {
  if (entries.has(key))
    throw refuse(`its description of the tensors names ${typeof key === 'string' ? shortened(key) : called(key)} twice`);
  entries.set(key, value);
}

function recall({ push, remembered, refuse }: Machine, index: number): void {
  const value = remembered.get(index);
  if (value === undefined) throw refuse('its description of the tensors refers to a value that it never gave');
  push(value);
}

