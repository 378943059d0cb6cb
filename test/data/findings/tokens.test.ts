import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectTokens, type TokenOptions } from '../../../src/data/findings/tokens.ts';
import { loadTokenizer, type Tokenizer } from '../../../src/data/tokens/tokens.ts';
import { tokenizerFiles } from '../../../src/data/tokenizer/files.ts';
import { root } from '../../helpers/quickstart.ts';
import { codesOf, named } from './support.ts';

/** The quickstart's: `the` is one token, a snowman the unknown one, and every text gets two more. */
const tokenizer = await loadTokenizer(tokenizerFiles(join(root, 'configs/quickstart/model')));

const usual: TokenOptions = { maxLength: 12, batches: { batchSize: 2, batching: 'length-buckets', padding: 'longest' } };
const ofLengths = (lengths: readonly number[]): readonly string[] =>
  lengths.map((length) => Array.from({ length: length - 2 }, () => 'the').join(' '));
const inspected = (train: readonly string[], test: readonly string[], options: Partial<TokenOptions> = {}) =>
  inspectTokens(tokenizer, train, test, { ...usual, ...options });

describe('findings about tokens', () => {
  it('say how long texts are where none is cut', async () => {
    expect(named(await inspected(ofLengths([4, 7]), ofLengths([12])), 'cut-texts')).toMatchObject({
      severity: 'info',
      count: 0,
      message: 'no text is cut: the longest has 12 tokens, and model.max_seq_length is 12',
    });
  });

  it('count texts of both tables that are cut, and say which length would hold most', async () => {
    const train = ofLengths(Array.from({ length: 94 }, () => 6));
    expect(named(await inspected(train, ofLengths([6, 6, 6, 13, 20])), 'cut-texts')).toMatchObject({ severity: 'info', count: 2 });
    expect(named(await inspected(train, ofLengths([13, 13, 17, 18, 33, 40])), 'cut-texts')).toMatchObject({
      severity: 'warning',
      count: 6,
      message: '6 of 100 texts (6.0 %) are longer than model.max_seq_length, 12 tokens, and lose their end; the longest has 40',
      // 99 of 100 have at most 33 tokens; lengths go in steps of 8.
      remedy: expect.stringMatching(/^model\.max_seq_length: 40 would hold 99 %/) as string,
    });
  });

  it('compute padding as training does it, cut texts at their cut length', async () => {
    // Lengths 3, 3, 9, 12 of 20: sorted in pairs 3+3, 9+12 are 30 positions for 27 tokens; at full width they are 48.
    const train = ofLengths([3, 20, 3, 9]);
    const { severity, message } = named(await inspected(train, ofLengths([5])), 'padding');
    expect(severity).toBe('info');
    expect(message).toMatch(
      /^10\.0 % of what training computes is padding; with training\.batching: shuffled it would be \d+\.\d %, with training\.padding: max it would be 43\.8 %$/,
    );
    expect(
      named(await inspected(ofLengths([3, 3, 3, 12]), [], { batches: { batchSize: 2, batching: 'shuffled', padding: 'max' } }), 'padding'),
    ).toMatchObject({
      severity: 'warning',
      message: expect.stringMatching(/^56\.3 % .* with training\.batching: length-buckets it would be 30\.0 %/) as string,
      remedy: expect.stringContaining('length-buckets') as string,
    });
    expect(codesOf(await inspected(train, [], { batches: null }))).toEqual(['warning cut-texts']);
  });

  it('count unknown tokens, and name the words that lack pieces', async () => {
    const train = ['the ☃ the', 'the ☃ the', 'the the', 'the ☃ 漢'];
    expect(named(await inspected(train, []), 'unknown-tokens')).toMatchObject({
      severity: 'warning',
      count: 4,
      message: '4 of 11 tokens (36.4 %) are unknown to the model, most often "☃" (3), "漢" (1)',
    });
    const few = [...Array.from({ length: 200 }, () => 'the the'), 'a ☃'];
    expect(named(await inspected(few, []), 'unknown-tokens')).toMatchObject({ severity: 'info', count: 1 });
    expect(codesOf(await inspected(['the the'], []))).not.toContain('info unknown-tokens');
  });

  it('look at every n-th of very many texts, and say so', async () => {
    let encoded = 0;
    const counting: Tokenizer = { ...tokenizer, encode: (...args) => ((encoded += 1), tokenizer.encode(...args)) };
    const findings = await inspectTokens(counting, Array.from({ length: 50_000 }, () => 'the'), [], usual);
    expect(encoded).toBe(16_667);
    expect(named(findings, 'cut-texts').message).toContain('; 16,667 of 50,000 texts were looked at');
  });

  it('tell what tokenizer_config.json overrules', async () => {
    const findings = await inspectTokens({ ...tokenizer, changes: ['the former holds'] }, ['the'], [], usual);
    expect(named(findings, 'tokenizer-settings')).toMatchObject({ severity: 'info', message: 'the former holds' });
    expect(codesOf(await inspected(['the'], []))).not.toContain('info tokenizer-settings');
  });

  it('can be stopped', async () => {
    const stop = (): void => {
      throw new Error('stopped');
    };
    await expect(inspectTokens(tokenizer, ['a'], [], usual, { onProgress: stop })).rejects.toThrow('stopped');
  });
});
