import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { modelFiles, openWeights, outsideLinks, throwIfStray } from '../../../src/data/hub/model-folder.ts';
import { weightFiles, weightsNotice } from '../../../src/data/hub/weight-forms.ts';
import { encodeSafetensors, readFloats } from '../../../src/engine/models/index.ts';
import { dictionary, pickle, tensor, torchFile } from '../../helpers/torch-file.ts';

const fixture = fileURLToPath(new URL('../../fixtures/torch/protocol-2.bin', import.meta.url));

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ortrain-forms-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);
const index = (name: string, map: Readonly<Record<string, unknown>>): void => write(name, JSON.stringify({ weight_map: map }));
const one = (...names: readonly string[]): Buffer =>
  torchFile(pickle(dictionary(Object.fromEntries(names.map((name) => [name, tensor([6], [1])])))));

describe('of several forms of the weights, the safest that is whole', () => {
  test('is read, with a sentence that says so', () => {
    expect(weightFiles(folder)).toEqual(['model.safetensors']);
    index('pytorch_model.bin.index.json', { a: 'pytorch_model-1.bin' });
    write('pytorch_model-1.bin', one('a'));
    expect(weightFiles(folder)).toEqual(['pytorch_model.bin.index.json', 'pytorch_model-1.bin']);
    expect(weightsNotice(folder)).toBe(
      `the weights of ${folder} are read from pytorch_model.bin.index.json: no other form of them is there`,
    );
    copyFileSync(fixture, join(folder, 'pytorch_model.bin'));
    expect(weightsNotice(folder)).toBe(
      `the weights of ${folder} are read from pytorch_model.bin: pytorch_model.bin.index.json is not read`,
    );
    index('model.safetensors.index.json', { a: 'model-1.safetensors', b: 'model-2.safetensors' });
    write('model-1.safetensors', '');
    expect(weightFiles(folder)).toEqual(['pytorch_model.bin']);
    expect(weightsNotice(folder)).toBe(
      `the weights of ${folder} are read from pytorch_model.bin: model.safetensors.index.json lacks model-2.safetensors, ` +
        'pytorch_model.bin.index.json is not read',
    );
    write('model-2.safetensors', '');
    expect(weightFiles(folder)).toEqual(['model.safetensors.index.json', 'model-1.safetensors', 'model-2.safetensors']);
    write('model.safetensors', '');
    expect(weightFiles(folder)).toEqual(['model.safetensors']);
    expect(weightsNotice(folder)).toContain('are read from model.safetensors: model.safetensors.index.json is not read, ');
  });

  test('needs no sentence where it is safetensors alone, or nothing', () => {
    expect(weightsNotice(folder)).toBeUndefined();
    write('model.safetensors', '');
    expect(weightsNotice(folder)).toBeUndefined();
  });
});

describe('a file of PyTorch', () => {
  test('is read from a folder tensor by tensor', () => {
    copyFileSync(fixture, join(folder, 'pytorch_model.bin'));
    const file = openWeights(folder);
    expect(file.name).toBe(join(folder, 'pytorch_model.bin'));
    expect(readFloats(file, 'tied')).toEqual(readFloats(file, 'tied_again'));
  });

  test('may be a link to a file elsewhere, which is named', () => {
    symlinkSync(fixture, join(folder, 'pytorch_model.bin'));
    expect(() => throwIfStray(folder, folder, modelFiles(true))).not.toThrow();
    expect(openWeights(folder).entries.size).toBeGreaterThan(10);
    expect(outsideLinks(folder, modelFiles(true))).toBe(
      `files of ${folder} are links to others outside of it: pytorch_model.bin to ${fixture}`,
    );
    rmSync(join(folder, 'pytorch_model.bin'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'pytorch_model.bin'));
    expect(() => throwIfStray(folder, folder, modelFiles(true))).toThrow(`${folder} cannot be read`);
  });

  test('that is called safetensors, or the other way about, is told what it is', () => {
    write('pytorch_model.bin', Buffer.concat(encodeSafetensors([{ name: 'a', shape: [1], data: Float32Array.of(1) }])));
    expect(() => openWeights(folder)).toThrow('pytorch_model.bin cannot be read: it is a safetensors file');
    expect(existsSync(join(folder, 'PWNED'))).toBe(false);
  });
});

describe('weights in several files of PyTorch', () => {
  const name = 'pytorch_model.bin.index.json';

  test('are one checkpoint', () => {
    index(name, { a: '1.bin', b: '2.bin', c: '2.bin' });
    write('1.bin', one('a'));
    write('2.bin', one('b', 'c'));
    const file = openWeights(folder);
    expect([...file.entries.keys()]).toEqual(['a', 'b', 'c']);
    expect([...readFloats(file, 'c')]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test.each([
    ['a tensor in another file', { a: '1.bin', b: '1.bin' }, 'b is not in 1.bin'],
    ['a tensor in two files', { a: '1.bin', b: '3.bin' }, 'a is also in'],
    ['a path', { a: '../1.bin' }, 'weight_map names "../1.bin" for a, not a .bin file beside the index'],
    ['a path of another system', { a: '..\\1.bin' }, 'not a .bin file beside the index'],
    ['an absolute path', { a: '/etc/1.bin' }, 'not a .bin file beside the index'],
    ['a stream of a file', { a: '1.bin:x.bin' }, 'not a .bin file beside the index'],
    ['safetensors', { a: '1.safetensors' }, 'not a .bin file beside the index'],
    ['a number', { a: 1 }, 'weight_map names 1 for a, not a .bin file beside the index'],
    ['nothing', {}, 'weight_map is empty'],
  ])('are refused with %s', (_, map, reason) => {
    index(name, map);
    write('1.bin', one('a'));
    write('2.bin', one('b'));
    write('3.bin', one('a', 'b'));
    let problems: readonly { readonly message: string }[] = [];
    try {
      openWeights(folder);
    } catch (error) {
      problems = (error as { readonly problems: typeof problems }).problems;
    }
    expect(problems.map(({ message }) => message).join()).toContain(reason);
  });

  test('are refused where one of them asks for more than tensors', () => {
    index(name, { weight: '1.bin' });
    write('1.bin', readFileSync(fixture.replace('protocol-2', 'refused/system')));
    expect(() => openWeights(folder)).toThrow('1.bin cannot be read: it asks for posix.system (os.system)');
    expect(existsSync('PWNED')).toBe(false);
  });
});
