import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { OrtrainError } from '../../src/core/errors.ts';
import { allReaders, told } from './all.ts';
import { fuzz, inputOf, tryInput, type Reader } from './fuzz.ts';

/** `npm run torture` gives each reader 10,000. */
const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 500);
const SEED = 1;

const folder = mkdtempSync(join(tmpdir(), 'ortrain-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const readers = await allReaders(folder);

describe('whatever it is given, it is read or refused with a sentence', () => {
  it.each(readers)('$name', async (reader) => {
    const { accepted, failures } = await fuzz(reader, INPUTS, SEED);
    expect(failures.map(told)).toEqual([]);
    expect(accepted > 0).toBe(reader.isSealed !== true);
  });
});

describe('the fuzzer', () => {
  const reading = (read: Reader['read']): Reader => ({
    name: 'x',
    syntax: 'json',
    seeds: [Buffer.from('{"a":[1,"b",null]}')],
    file: 'x.json',
    read,
  });

  it('makes the same input of the same number, and others of others', () => {
    const reader = reading(() => {});
    const inputs = Array.from({ length: 100 }, (_, i) => inputOf(reader, SEED, i).toString('latin1'));
    expect(Array.from({ length: 100 }, (_, i) => inputOf(reader, SEED, i).toString('latin1'))).toEqual(inputs);
    expect(new Set(inputs).size).toBeGreaterThan(80);
    expect(inputOf(reader, SEED + 1, 0).toString('latin1')).not.toBe(inputs[0]);
  });

  it.each([
    ['another error', () => JSON.parse('{'), /SyntaxError/],
    ['an error that names no file', () => refuse('cannot be read'), /does not name x\.json/],
    ['an endless message', () => refuse(`x.json ${'a'.repeat(5000)}`), /says 5007 characters/],
    ['much memory', () => void Buffer.alloc(2 ** 29, 1), /took \d+ MB/],
    ['much time', () => spin(0.6), /took \d+\.\d s/],
  ])('sees %s', async (_, read, outcome) => {
    expect(await tryInput(reading(read), Buffer.from(''), 0.5)).toMatch(outcome);
  });

  it('lets what is read and what is refused pass', async () => {
    expect(await tryInput(reading(() => {}), Buffer.from(''))).toBe('accepted');
    expect(await tryInput(reading(() => refuse('x.json is empty')), Buffer.from(''))).toBe('refused');
  });
});

function refuse(message: string): never {
  throw new OrtrainError('data', message);
}

function spin(seconds: number): void {
  const began = process.cpuUsage();
  for (let spent = 0; spent < seconds * 1e6; ) {
    const { user, system } = process.cpuUsage(began);
    spent = user + system;
  }
}
