import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeTexts } from '../../../src/data/tokens/encode-texts.ts';
import { loadTokenizer, saveTokens, tokenize, type Tokenizer } from '../../../src/data/tokens/tokens.ts';
import { oddTexts } from '../../helpers/odd-texts.ts';
import { tinyTokenizer } from '../../helpers/tiny-tokenizer.ts';
import { errorOf } from '../support.ts';

const folder = mkdtempSync(join(tmpdir(), 'encode-'));

function tokenizer(definition: object = tinyTokenizer): Promise<Tokenizer> {
  const path = join(folder, 'tokenizer.json');
  writeFileSync(path, JSON.stringify(definition));
  return loadTokenizer({ 'tokenizer.json': path });
}

const withPattern = (pattern: string): object => ({
  ...tinyTokenizer,
  pre_tokenizer: { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
});

describe('encodeTexts', () => {
  it('gives what tokenize gives, whatever the threads', { timeout: 30_000 }, async () => {
    const own = await tokenizer();
    const odd = oddTexts(300);
    const texts = Array.from({ length: 21_000 }, (_, i) => odd[(i * 7) % 299]!);
    const path = (name: string): string => join(folder, name);
    saveTokens(path('expected'), tokenize(own, texts, 24));
    for (const threads of [1, 3]) {
      const heard: number[] = [];
      saveTokens(path('tokens'), await encodeTexts(own, texts, 24, { threads, onProgress: (done) => heard.push(done) }));
      expect(readFileSync(path('tokens')).equals(readFileSync(path('expected')))).toBe(true);
      expect([heard[0], heard.at(-1), heard.every((done, i) => done >= (heard[i - 1] ?? 0))]).toEqual([0, 21_000, true]);
    }
    expect([...(await encodeTexts(own, [], 24)).offsets]).toEqual([0]);
  });

  it('keeps this thread free', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await encodeTexts(await tokenizer(), oddTexts(6000), 24);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  it('uses a pattern of others where it does its work', async () => {
    const own = await tokenizer(withPattern('[aeiou]'));
    expect(own.patterns.sources).toEqual(['[aeiou]']);
    const texts = ['fire', 'in', 'a'];
    expect([...(await encodeTexts(own, texts, 24)).ids]).toEqual([...tokenize(own, texts, 24).ids]);
  });

  it('ends one that does not come to its end, and names the text and the pattern', async () => {
    const own = await tokenizer(withPattern('(?:[a-z ]+)+$'));
    const texts = ['fire', `${'fire in the '.repeat(20)}!`, 'in'];
    let turns = 0;
    const error = await errorOf(() => encodeTexts(own, texts, 64, { budgetMs: 500, onProgress: () => turns++ }));
    expect([error.code, error.subject]).toEqual(['data', join(folder, 'tokenizer.json')]);
    expect(error.message).toMatch(/^text 2 cannot be tokenized: a pattern of .*tokenizer\.json has not come to an end after 0\.5 s$/);
    expect(error.problems.map(({ message }) => message)).toEqual([
      'the pattern "(?:[a-z ]+)+$"',
      expect.stringMatching(/^the text "fire in the fire/),
    ]);
    expect(turns).toBeGreaterThan(3);
  });

  it('stops in the middle of it where the listener throws', async () => {
    const own = await tokenizer(withPattern('(?:[a-z ]+)+$'));
    let looks = 0;
    const stop = (): void => {
      if (++looks === 4) throw new Error('stopped');
    };
    await expect(encodeTexts(own, [`${'fire in the '.repeat(20)}!`], 64, { onProgress: stop })).rejects.toThrow('stopped');
  });

  it('knows the patterns that look at each character once', async () => {
    for (const pattern of ['\\s+', ' ', "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"]) {
      expect((await tokenizer(withPattern(pattern))).patterns.sources).toEqual([]);
    }
  });
});
