/**
 * Files that PyTorch's `torch.save` writes, such as pytorch_model.bin: a pickle that describes tensors, and their bytes. The pickle is
 * interpreted as data (see pickle.ts and globals.ts); nothing that the file asks for is ever run. Tensors are read when they are asked for.
 */
import type { Safetensors } from '../safetensors.ts';
import type { ByteSource } from '../byte-source.ts';
import { bytesPerElement, type TensorEntry } from '../safetensors-header.ts';
import { shortened } from '../../../../core/text.ts';
import { openArchive, type Archive, type Part } from './archive.ts';
import { cursorOver } from './cursor.ts';
import { foreignKind } from '../foreign.ts';
import { checksum, damaged } from '../tensor-bytes.ts';
import { weightsWorld } from './globals.ts';
import { unpickle } from './pickle.ts';
import { refusing, SAVE_STATE_DICT, type Refuse } from './problems.ts';
import { stateDictOf } from './state-dict.ts';
import { storageOf, tensorEntry } from './storages.ts';
import { called, isKind, isSequence, type Pickled, type Storage } from './values.ts';

/**
 * Reads and checks what a file says of its tensors: archives of PyTorch 1.6 and later, and the files of those before.
 * Throws OrtrainError `data` with the file's name where it is not sound, is of another kind, or asks for anything but tensors.
 */
export function openTorchFile(source: ByteSource): Safetensors {
  const refuse = refusing(source.name);
  const start = source.read(0, Math.min(4, source.size));
  const isArchive = start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
  const isPickle = start[0] === 0x80;
  if (!isArchive && !isPickle) {
    const { what, remedy } = foreignKind(source, 'torch') ?? { what: 'it does not begin as a file of PyTorch does', remedy: undefined };
    throw refuse(what, remedy);
  }
  const { value, locate } = isArchive ? readArchive(source, refuse) : readLegacy(source, refuse);
  const { tensors, notices } = stateDictOf(value, source.name, refuse);
  const entries = new Map<string, TensorEntry>();
  for (const [name, tensor] of tensors) entries.set(name, tensorEntry(source, name, tensor, locate(tensor.storage), refuse));
  return { name: source.name, metadata: {}, entries, notices };
}

interface Contents {
  readonly value: Pickled;
  /** Where a storage's bytes are; throws where they are not in the file, or not as many. */
  locate(storage: Storage): Part;
}

/** More than any description takes; what the steps of the interpreter cost is bounded besides. */
const MOST_PICKLE_BYTES = 2 ** 27;

const BIG_ENDIAN = 'its numbers are big-endian';

function readArchive(source: ByteSource, refuse: Refuse): Contents {
  const archive = openArchive(source, refuse);
  const folder = folderOf(archive, refuse);
  const part = (name: string): Part => {
    const found = archive.part(`${folder}${name}`);
    if (found === undefined) throw refuse(`its archive lacks ${shortened(folder + name)}`);
    return found;
  };
  if (archive.names.includes(`${folder}byteorder`)) {
    const { begin, end } = part('byteorder');
    const order = Buffer.from(source.read(begin, Math.min(end - begin, 16))).toString('latin1');
    if (order !== 'little') throw refuse(BIG_ENDIAN, SAVE_STATE_DICT);
  }
  const { begin, end, crc } = part('data.pkl');
  if (end - begin > MOST_PICKLE_BYTES) throw refuse('its description of the tensors is longer than that of any model');
  const storages = new Map<string, Part>();
  const value = unpickle(cursorOver(source, begin, end, refuse), weightsWorld((id) => storageOf(id, refuse), refuse), refuse);
  // Last: what a file asks for says more than that its bytes were changed.
  if (crc !== 0 && checksum(source.read(begin, end - begin)) !== crc) throw damaged(source, 'data.pkl');
  return {
    value,
    locate: ({ key, size }) => {
      const found = storages.get(key) ?? part(`data/${key}`);
      storages.set(key, found);
      if (found.end - found.begin !== size)
        throw refuse(`data/${shortened(key)} in its archive has ${found.end - found.begin} bytes, and its tensors need ${size}`);
      return found;
    },
  };
}

/** The archive's one folder with a data.pkl: torch.save calls it after the file, or `archive`. */
function folderOf({ names }: Archive, refuse: Refuse): string {
  const found = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name)).map((name) => name.slice(0, -'data.pkl'.length));
  const [folder, other] = found;
  if (names.some((name) => /(?:^|\/)constants\.pkl$|^[^/]+\/code\//.test(name)))
    throw refuse('it holds a TorchScript program, which cannot be read without running it', SAVE_STATE_DICT);
  if (folder === undefined) throw refuse('it is a zip archive without a data.pkl, so that torch.save did not write it', SAVE_STATE_DICT);
  if (other !== undefined) throw refuse(`its archive holds ${found.length} files called data.pkl`);
  return folder;
}

/** What the container before PyTorch 1.6 begins with, and its version. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** Pickles of the magic number, the version, the writer's machine, the object and the keys of its storages; then these, one by one. */
function readLegacy(source: ByteSource, refuse: Refuse): Contents {
  const used = new Map<string, Storage>();
  const input = cursorOver(source, 0, source.size, refuse);
  const world = weightsWorld((id) => {
    const storage = storageOf(id, refuse);
    if (!used.has(storage.key)) used.set(storage.key, storage);
    return storage;
  }, refuse);
  const next = (): Pickled => unpickle(input, world, refuse);
  if (next() !== MAGIC) throw refuse('it is a pickle, but none that torch.save wrote', SAVE_STATE_DICT);
  const version = next();
  if (version !== VERSION)
    throw refuse(`its version is ${typeof version === 'number' ? version : called(version)}; ${VERSION} can be read`);
  const machine = next();
  if (isKind(machine, 'dictionary') && machine.entries.get('little_endian') === false)
    throw refuse(BIG_ENDIAN, SAVE_STATE_DICT);
  const value = next();
  const keys = next();
  if (!isSequence(keys)) throw refuse(`its list of storages is ${called(keys)}`);
  const parts = partsOf(source, input.position(), keys.items, used, refuse);
  return {
    value,
    locate: ({ key, size }) => {
      const part = parts.get(key);
      if (part === undefined) throw refuse(`the storage ${shortened(key)} of its tensors is not in it`);
      if (part.end - part.begin !== size)
        throw refuse(`the storage ${shortened(key)} in it has ${part.end - part.begin} bytes, and its tensors need ${size}`);
      return part;
    },
  };
}

/** Each storage is the number of its elements, in 64 bits, and their bytes. */
function partsOf(
  source: ByteSource,
  start: number,
  keys: readonly Pickled[],
  used: ReadonlyMap<string, Storage>,
  refuse: Refuse,
): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === 'string' || typeof key === 'number' ? used.get(String(key)) : undefined;
    if (storage === undefined || parts.has(storage.key)) throw refuse('its list of storages does not fit its tensors');
    if (at + 8 > source.size) throw refuse('it ends before its last storage; the file is cut off');
    const head = source.read(at, 8);
    const elements = Number(new DataView(head.buffer, head.byteOffset, 8).getBigInt64(0, true));
    const part = { begin: at + 8, end: at + 8 + elements * bytesPerElement[storage.dtype], crc: 0 };
    if (!(elements >= 0 && part.end <= source.size)) throw refuse('it ends before its last storage; the file is cut off');
    parts.set(storage.key, part);
    at = part.end;
  }
  return parts;
}

