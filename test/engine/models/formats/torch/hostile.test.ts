import { describe, expect, test } from 'vitest';
import { byteSource, openTorchFile, readFloats, type Safetensors } from '../../../../../src/engine/models/index.ts';
import { archive, dictionary, global, integer, pickle, tensor, text, torchFile, tuple, uint32 } from '../../../../helpers/torch-file.ts';

const open = (bytes: Uint8Array): Safetensors => openTorchFile(byteSource('a.bin', bytes));
const described = (...instructions: readonly (string | number | Uint8Array)[]): Safetensors => open(torchFile(pickle(...instructions)));

test('what the tests build by hand is read', () => {
  const file = described(dictionary({ w: tensor([3, 2], [2, 1]), t: tensor([2, 3], [1, 2]) }));
  expect([...readFloats(file, 'w')]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...readFloats(file, 't')]).toEqual([1, 3, 5, 2, 4, 6]);
});

test('a model of a training program is found beside other tensors of the program', () => {
  const file = described(dictionary({ rng: tensor([6], [1]), module: dictionary({ w: tensor([2], [1]) }), epoch: integer(3) }));
  expect([...file.entries.keys()]).toEqual(['w']);
  expect(file.notices).toEqual(['a.bin: the tensors are those under module; everything beside them is ignored']);
});

describe('tensors beyond their storage', () => {
  test.each([
    ['an offset', tensor([2], [1], { offset: 5 })],
    ['a shape', tensor([7], [1])],
    ['strides', tensor([2, 2], [5, 1])],
    ['a shape that overflows', tensor([2 ** 31, 2 ** 31], [2 ** 31, 1])],
    ['strides that overflow', tensor([2, 2], [2 ** 52, 2 ** 52])],
  ])('%s', (_, w) => {
    expect(() => described(dictionary({ w }))).toThrow('a.bin cannot be read: the tensor w lies beyond the end of its storage');
  });

  test.each([
    ['a negative offset', tensor([1], [1], { offset: -1 }), 'the offset of a tensor in it holds -1'],
    ['a negative length', tensor([-1], [1]), 'the shape of a tensor in it holds -1'],
    ['a negative stride', tensor([2], [-1], { offset: 1 }), 'the strides of a tensor in it holds -1'],
    ['more axes than strides', tensor([2, 1], [1]), 'a tensor in it has 2 axes and 1 strides'],
    ['a hundred axes', tensor(Array<number>(100).fill(1), Array<number>(100).fill(1)), 'a tensor in it has 100 axes'],
    ['a number beyond any', tensor([2 ** 53], [1]), 'the shape of a tensor in it holds 9007199254740992'],
    ['endless repetition', tensor([2 ** 40], [0]), 'the tensor w has 1099511627776 elements, more than the file has bytes'],
    ['more elements than bytes', tensor([6], [1], { elements: 7 }), 'data/0 in its archive has 24 bytes, and its tensors need 28'],
    ['another type than bytes', tensor([6], [1], { type: 'HalfStorage' }), 'data/0 in its archive has 24 bytes, and its tensors need 12'],
    ['no storage', tensor([0], [1], { elements: 0, key: '1' }), 'its archive lacks model/data/1'],
    ['a storage elsewhere', tensor([6], [1], { key: '../../0' }), 'its archive lacks model/data/../../0'],
    ['the description as numbers', tensor([6], [1], { key: '/../data.pkl' }), 'its archive lacks model/data//../data.pkl'],
    ['a type that is none', tensor([6], [1], { type: 'QInt8Storage' }), 'it asks for torch.QInt8Storage'],
    ['endless elements', tensor([6], [1], { elements: 2 ** 52 }), 'a storage in it has 4503599627370496 as its length'],
  ])('%s', (_, w, reason) => {
    expect(() => described(dictionary({ w }))).toThrow(reason);
  });

  test('an empty one needs no bytes, whatever its strides say', () => {
    expect(readFloats(described(dictionary({ w: tensor([0, 2 ** 40], [2 ** 50, 1]) })), 'w')).toHaveLength(0);
  });
});

describe('a description that goes wrong', () => {
  const itself = [']', 'q', 0, 'h', 0, 'a'];
  test.each<[string, readonly (string | number | Uint8Array)[], string]>([
    ['takes from nothing', ['t'], 'ends a list that it never began'],
    ['takes below a mark', ['N', '(', 'a'], 'takes a value where there is none'],
    ['ends with nothing', [], 'takes a value where there is none'],
    ['refers to nothing', ['h', 9], 'refers to a value that it never gave'],
    ['holds itself', itself, 'it holds a list, not a dictionary of tensors'],
    ['adds to no list', ['}', 'N', 'a'], 'adds a value to a dictionary'],
    ['sets in no dictionary', [']', 'N', 'N', 's'], 'sets a value of a list'],
    ['has a key alone', ['}', '(', 'N', 'u'], 'has a key without a value'],
    ['has a key twice', [dictionary({ a: text('') }), text('a'), 'N', 's'], 'names a twice'],
    ['calls a text', [text('os.system'), ')', 'R'], 'it calls a text'],
    ['calls a class', [global('torch', 'FloatStorage'), ')', 'R'], 'it calls torch.FloatStorage'],
    ['calls with no tuple', [global('collections', 'OrderedDict'), ']', 'R'], 'it calls collections.OrderedDict with a list'],
    ['makes an object', [global('collections', 'OrderedDict'), ')', 0x81], 'it makes an object of collections.OrderedDict'],
    ['sets attributes of a list', [']', '}', 'b'], 'it sets attributes of a list'],
    ['is of an old protocol', [0x80, 1], 'its pickles are of protocol 1; 2 to 5 can be read'],
    ['has an old instruction', ['V', 'os\n'], 'has the instruction 0x56, which torch.save never writes'],
    ['calls in the way of old', ['(', "S'touch PWNED'\n", 'ios\nsystem\n'], 'it asks for os.system, which no weights need'],
    ['calls before its tensors', [global('os', 'system'), tuple(text('touch PWNED')), 'R0', dictionary({})], 'it asks for os.system'],
    ['hides the name', [global('os\x1b[2K', 'x\r.system'), '.'], 'which no weights need'],
    ['has an extension of a registry', [0x82, 1], 'has the instruction 0x82'],
    ['asks by no name', ['N', 'N', 0x93], 'asks for nothing of nothing'],
    ['asks for a part of a name', [text('collections'), text('OrderedDict.pop'), 0x93], 'it asks for collections.OrderedDict.pop'],
    ['asks for a name of objects', [global('torch', '__proto__'), ')', 'R'], 'it asks for torch.__proto__'],
    ['asks for a module of objects', [global('constructor', 'toString'), ')', 'R'], 'it asks for constructor.toString, which no weights'],
    ['asks for a constructor', [global('', 'constructor'), ')', 'R'], 'it asks for .constructor'],
    ['has a name without an end', [Buffer.from(`c${'a'.repeat(100)}`)], 'it ends within its description of the tensors'],
    ['has a text beyond its end', ['X', uint32(1000)], 'it ends within its description of the tensors'],
    ['has an endless text', ['X', uint32(2 ** 32 - 1)], 'a text in its description of the tensors has 4294967295 bytes'],
    ['has a text of no characters', ['X', uint32(1), 0xff], 'a name in its description of the tensors is not UTF-8'],
    ['refers to a module', [tuple(text('module'), 'N'), 'Q'], 'it refers to module elsewhere in the file, not to a storage'],
    ['refers to a number', [integer(3), 'Q'], 'it refers to a number elsewhere in the file, not to a storage'],
    ['makes a tensor of a text', [global('torch._utils', '_rebuild_tensor_v2'), tuple(text('x')), 'R'], 'it makes a tensor of a text'],
    ['is empty', ['}'], 'it holds an empty dictionary'],
    ['has texts for tensors', [dictionary({ a: text('x'), b: text('y') })], 'it holds no tensors under their names, but a, b'],
  ])('%s', (_, instructions, reason) => {
    expect(() => described(...instructions)).toThrow(reason);
  });

  const times = <T,>(count: number, make: (i: number) => T): readonly T[] => Array.from({ length: count }, (_, i) => make(i));
  /** LONG_BINPUT to two places, and a list between them, again and again. */
  const memo = Buffer.alloc(11 * 2 ** 20, 'r____]r____');
  for (let i = 0; i < 2 ** 20; i += 1) memo.writeUInt32LE(4096 * i, memo.writeUInt32LE(i, 11 * i + 1) + 2);
  const pairs = times(2 ** 12, (i) => tuple(integer(i), 'N'));
  test.each<[string, readonly (string | number | Uint8Array)[], string]>([
    ['a name of megabytes', [Buffer.from('c'), Buffer.alloc(3 * 2 ** 20, 'a')], 'a name in its description of the tensors has no end'],
    ['a text of megabytes', ['X', uint32(3 * 2 ** 20), Buffer.alloc(3 * 2 ** 20, 'a')], 'has 3145728 bytes, more than any name of a tensor'],
    ['a million dictionaries', [Buffer.alloc(2 ** 20, '}')], 'has more parts than that of any model'],
    ['three million lists', [Buffer.alloc(3 * 2 ** 20, ']')], 'has more parts than that of any model'],
    ['ten million numbers', [Buffer.alloc(10 * 2 ** 20, 'N')], 'is longer than that of any model'],
    ['three million nested tuples', ['N', Buffer.alloc(3 * 2 ** 20, 0x85)], 'has more parts than that of any model'],
    ['a memo of three million', ['N', memo], 'has more parts than that of any model'],
    [
      'one list that is made a dictionary again and again',
      [
        ...[']q', 0, '(', ...pairs, 'e', global('collections', 'OrderedDict'), 'q', 1],
        ...times(2 ** 14, () => Buffer.from('h\x01h\x00\x85R', 'latin1')),
      ],
      'is longer than that of any model',
    ],
  ])('%s is refused in little time and memory', (_, instructions, reason) => {
    const before = process.cpuUsage();
    expect(() => described(...instructions)).toThrow(reason);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(4);
  });
});

describe('an archive that goes wrong', () => {
  const sound = { 'data.pkl': pickle(dictionary({ w: tensor([6], [1]) })), 'data/0': new Uint8Array(24) };
  const changed = (change: (bytes: Buffer, directory: number) => void): Buffer => {
    const bytes = archive(sound);
    change(bytes, bytes.readUInt32LE(bytes.length - 6));
    return bytes;
  };
  test.each([
    ['without a description', archive({ 'data/0': new Uint8Array(24) }), 'it is a zip archive without a data.pkl'],
    ['with two', archive({ ...sound, '../other/data.pkl': sound['data.pkl'] }, ''), 'without a data.pkl'],
    ['with two folders', archive({ 'a/data.pkl': sound['data.pkl'], 'b/data.pkl': pickle('}') }, ''), 'holds 2 files called data.pkl'],
    ['with a program', archive({ ...sound, 'constants.pkl': pickle('N') }), 'it holds a TorchScript program'],
    ['of a big-endian machine', archive({ ...sound, byteorder: Buffer.from('big') }), 'its numbers are big-endian'],
    ['with packed entries', changed((zip, at) => zip.writeUInt16LE(8, at + 10)), 'model/data.pkl in its archive is compressed'],
    ['with encrypted entries', changed((zip, at) => zip.writeUInt16LE(1, at + 8)), 'model/data.pkl in its archive is encrypted'],
    ['with an entry beyond its end', changed((zip, at) => zip.writeUInt32LE(2 ** 31, at + 42)), 'model/data.pkl does not lie where'],
    ['with an entry of another size', changed((zip, at) => zip.fill(0xee, at + 20, at + 28)), 'model/data.pkl does not lie where'],
    ['with a directory elsewhere', changed((zip) => zip.writeUInt32LE(0, zip.length - 6)), 'the directory of its archive is damaged'],
    ['with a directory beyond its end', changed((zip) => zip.writeUInt32LE(2 ** 31, zip.length - 6)), 'the directory of its archive'],
    ['with more entries than there are', changed((zip) => zip.writeUInt16LE(60_000, zip.length - 12)), 'the directory of its archive'],
  ])('%s', (_, bytes, reason) => {
    expect(() => open(bytes)).toThrow(reason);
  });

  test('with an entry twice', () => {
    const bytes = archive({ ...sound, 'data/1': new Uint8Array(24) });
    const at = bytes.lastIndexOf('model/data/1');
    bytes.write('0', at + 'model/data/'.length);
    expect(() => open(bytes)).toThrow('its archive holds model/data/0 twice');
  });
});

describe('a file that is something else', () => {
  test.each([
    ['nothing', '', 'it is empty'],
    ['a pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 440473133\n', 'it is a Git LFS pointer'],
    ['a page', '<!DOCTYPE html><html>', 'it is a web page, not weights'],
    ['an error', '{"error":"Entry not found"}', 'it is JSON, not weights'],
    ['safetensors', '\x02\0\0\0\0\0\0\0{}', 'it is a safetensors file'],
    ['HDF5', '\x89HDF\r\n\x1a\n', 'it is an HDF5 file, as TensorFlow and Keras write'],
    ['GGUF', 'GGUF\x03', 'it is a GGUF file'],
    ['gzip', '\x1f\x8b\x08', 'it is packed with gzip'],
    ['tar', `${'\0'.repeat(257)}ustar`, 'it is a tar archive'],
    ['text', 'hello', 'it does not begin as a file of PyTorch does'],
    ['an archive cut off', 'PK\x03\x04', 'it begins as a zip archive, but the directory at its end is missing'],
  ])('%s', (_, content, reason) => {
    expect(() => open(Buffer.from(content, 'latin1'))).toThrow(`a.bin cannot be read: ${reason}`);
  });
});
