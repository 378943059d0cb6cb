import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { byteSource, openTorchFile, readFloats, readIntegers, type Safetensors } from '../../../../../src/engine/models/index.ts';
import { OrtrainError } from '../../../../../src/core/errors.ts';

const fixtures = fileURLToPath(new URL('../../../../fixtures/torch', import.meta.url));
const open = (name: string): Safetensors => openTorchFile(byteSource(name, readFileSync(join(fixtures, name))));
const filesOf = (folder: string): readonly string[] => readdirSync(join(fixtures, folder)).filter((name) => name.endsWith('.bin'));

interface Expected {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8')) as Readonly<Record<string, Expected>>;
const DTYPES: Readonly<Record<string, string>> = {
  'torch.float32': 'F32',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.float64': 'F64',
  'torch.int64': 'I64',
  'torch.bool': 'BOOL',
};

describe('a file of PyTorch', () => {
  test.each(filesOf('.'))('%s has the tensors that were saved', (name) => {
    const file = open(name);
    expect([...file.entries.keys()]).toEqual(Object.keys(expected));
    for (const [tensor, { shape, dtype, values }] of Object.entries(expected)) {
      const entry = file.entries.get(tensor)!;
      expect([entry.shape, entry.dtype], tensor).toEqual([shape, DTYPES[dtype]]);
      const read = entry.dtype.includes('F') ? readFloats(file, tensor) : readIntegers(file, tensor);
      expect([...read].map(Number), tensor).toEqual(values.map(Math.fround));
      if (read instanceof Float32Array) expect(readFloats(file, tensor, new Float32Array(read.length)), tensor).toEqual(read);
    }
  });

  test('that a training program saved says under which name the tensors were', () => {
    expect(open('training.bin').notices).toEqual([
      'training.bin: the tensors are those under state_dict; everything beside them is ignored',
    ]);
    expect(open('protocol-2.bin').notices).toEqual([]);
  });

  test('whose numbers were damaged is refused by their checksum, when they are read', () => {
    const bytes = readFileSync(join(fixtures, 'protocol-2.bin'));
    const { begin } = open('protocol-2.bin').entries.get('float64')!;
    bytes[begin + 3]! ^= 1;
    const file = openTorchFile(byteSource('a.bin', bytes));
    expect(readFloats(file, 'float32')).toHaveLength(6);
    expect(() => readFloats(file, 'float64')).toThrow('a.bin is damaged: the contents of float64 do not match their checksum');
  });

  test('whose description was damaged is refused, where that asks for nothing else', () => {
    const bytes = readFileSync(join(fixtures, 'protocol-2.bin'));
    bytes.write('float99', bytes.indexOf('float32'));
    expect(() => openTorchFile(byteSource('a.bin', bytes))).toThrow('a.bin is damaged: the contents of data.pkl do not match');
    const evil = readFileSync(join(fixtures, 'refused/system.bin'));
    evil.write('other.', evil.indexOf('posix\nsystem') + 6);
    expect(() => openTorchFile(byteSource('a.bin', evil))).toThrow('it asks for posix.other.');
  });

  test.each([
    ['protocol-2.bin', /the directory at its end is missing; the file is cut off|does not lie where|is damaged/],
    ['legacy.bin', /it ends (?:within its description of the tensors|before its last storage)/],
  ])('%s is refused wherever it is cut off', (name, reason) => {
    const bytes = readFileSync(join(fixtures, name));
    for (let length = 8; length < bytes.length; length += 3) {
      expect(() => openTorchFile(byteSource('a.bin', bytes.subarray(0, length))), String(length)).toThrow(reason);
    }
  });
});

/** What is said of each file that holds more than tensors, or none. */
const REASONS: Readonly<Record<string, string>> = {
  system: 'it asks for posix.system (os.system), which no weights need; nothing from the file was run',
  'system-4': 'it asks for posix.system (os.system), which no weights need',
  'system-legacy': 'it asks for posix.system (os.system), which no weights need',
  'system-legacy-4': 'it asks for posix.system (os.system), which no weights need',
  eval: 'it asks for builtins.eval, which no weights need',
  metadata: 'it asks for posix.system (os.system), which no weights need',
  beside: 'it asks for posix.system (os.system), which no weights need',
  getattr: 'it asks for builtins.getattr, which no weights need',
  fraction: 'it asks for fractions.Fraction, which no weights need',
  module: 'it asks for torch.nn.modules.linear.Linear, which no weights need',
  sparse: 'it asks for torch._utils._rebuild_sparse_tensor, which no weights need',
  numpy: 'it asks for numpy._core.multiarray._reconstruct, which no weights need',
  complex: 'it asks for torch.ComplexFloatStorage, which no weights need',
  tensor: 'it holds one tensor without a name',
  list: 'it holds a list, not a dictionary of tensors',
  optimizer: "it holds the state of an optimizer, not a model's tensors",
  'two-models': 'it holds several models, state_dict and model',
  conjugate: 'a tensor in it is marked as a negative or conjugate view',
  'number-keys': 'it names a tensor by a number, not by a text',
  torchscript: 'it holds a TorchScript program, which cannot be read without running it',
  pickle: 'it is a pickle, but none that torch.save wrote',
};

describe('a file that is refused', () => {
  test('there is a reason for each', () => {
    expect(filesOf('refused').map((name) => name.slice(0, -4)).sort()).toEqual(Object.keys(REASONS).sort());
  });

  test.each(Object.entries(REASONS))('%s', (name, reason) => {
    let refused: unknown;
    try {
      open(`refused/${name}.bin`);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(OrtrainError);
    const { code, message, remedy, subject } = refused as OrtrainError;
    expect([code, subject]).toEqual(['data', `refused/${name}.bin`]);
    expect(message).toContain(`refused/${name}.bin cannot be read: ${reason}`);
    expect(remedy).toMatch(/\.$/);
    expect(existsSync('PWNED')).toBe(false);
  });
});
