import { describe, expect, it } from 'vitest';
import { templateParts } from '../../src/core/text-template.ts';

const column = (name: string) => ({ column: name });

describe('a template', () => {
  it.each([
    ['text', [column('text')]],
    ['{text}', [column('text')]],
    ['{keyword}: {text}', [column('keyword'), ': ', column('text')]],
    ['query: {a b}', ['query: ', column('a b')]],
    ['{a}{b}', [column('a'), column('b')]],
    ['{{{a}}}', ['{', column('a'), '}']],
    ['{a}}}', [column('a'), '}']],
    // A name with braces, alone and inside others.
    ['text{{1}}', [column('text{1}')]],
    ['}}{{', [column('}{')]],
    ['<{text{{1}}}>', ['<', column('text{1}'), '>']],
    ['{{text}}', [column('{text}')]],
    ['ä {😀} z', ['ä ', column('😀'), ' z']],
  ])('%s', (source, parts) => {
    expect(templateParts(source)).toEqual(parts);
  });

  it.each([
    ['{text', 'the brace { at character 1 is not closed; {{ stands for a brace'],
    ['a {{b} c', 'the brace } at character 6 closes nothing; }} stands for a brace'],
    ['{a}: {b', 'the brace { at character 6 is not closed; {{ stands for a brace'],
    ['{a{b}}', 'the brace { at character 1 is not closed; {{ stands for a brace'],
    ['text}', 'the brace } at character 5 closes nothing; }} stands for a brace'],
    ['a: {}', 'the braces at character 4 name no column'],
  ])('%s cannot be read', (source, problem) => {
    expect(templateParts(source)).toEqual({ problem });
  });
});
