import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/data/tokenizer/load.ts';
import { digestOf, oddTexts, variants } from '../../helpers/odd-texts.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';

interface Digests {
  readonly quickstart: string;
  readonly variants: Readonly<Record<string, string>>;
  readonly shared: Readonly<Record<string, string>>;
}

const digests = JSON.parse(readFileSync(new URL('../../fixtures/tokenizers/digests.json', import.meta.url), 'utf8')) as Digests;
const folder = mkdtempSync(join(tmpdir(), 'reference-'));

/** Texts whose ids are not those of the reference. */
async function different(tokenizerPath: string, reference: string): Promise<readonly string[]> {
  const tokenizer = await loadTokenizer({ 'tokenizer.json': tokenizerPath });
  const expected = reference.split(' ');
  return oddTexts(expected.length).filter((text, i) => digestOf(tokenizer.encode(text, Number.MAX_SAFE_INTEGER).ids) !== expected[i]);
}

describe('ids are those of the Rust library', () => {
  it('for the quickstart’s tokenizer', async () => {
    expect(digests.quickstart.split(' ')).toHaveLength(400);
    expect(await different(join(import.meta.dirname, '../../../configs/quickstart/model/tokenizer.json'), digests.quickstart)).toEqual([]);
  });

  it('for every kind of normalizer and pre-tokenizer', { timeout: 30_000 }, async () => {
    expect(Object.keys(digests.variants)).toEqual(Object.keys(variants()));
    for (const [name, definition] of Object.entries(variants())) {
      const path = join(folder, 'tokenizer.json');
      writeFileSync(path, JSON.stringify(definition));
      expect(await different(path, digests.variants[name]!), name).toEqual([]);
    }
  });
});

for (const model of Object.keys(digests.shared)) {
  describeShared(`ids of ${model}`, ['models', model], () => {
    it('are those of the Rust library for 3,000 odd texts', { timeout: 30_000 }, async () => {
      expect(digests.shared[model]!.split(' ')).toHaveLength(3000);
      expect(await different(sharedPath('models', model, 'tokenizer.json')!, digests.shared[model]!)).toEqual([]);
    });
  });
}
