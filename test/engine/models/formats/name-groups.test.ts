import { expect, test } from 'vitest';
import { nameGroups, someGroups } from '../../../../src/engine/models/formats/name-groups.ts';

test.each<[readonly string[], readonly string[]]>([
  [[], []],
  [['classifier.weight'], ['classifier.weight']],
  [['pooler.dense.weight', 'pooler.dense.bias'], ['pooler.dense.{weight,bias}']],
  [['a.0.w', 'a.1.w', 'a.2.w', 'a.3.w'], ['a.{0…3}.w']],
  [['a.0.w', 'a.1.w'], ['a.{0,1}.w']],
  [['a.7.w', 'a.2.w', 'a.0.w', 'a.1.w', 'a.9.w', 'a.10.w'], ['a.{0…2,7,9,10}.w']],
  [['a.0.w', 'a.0.b', 'a.1.w', 'a.2.w'], ['a.0.{w,b}', 'a.{1,2}.w']],
  [['g.0.l.0.w', 'g.0.l.1.w', 'g.1.l.0.w', 'g.1.l.1.w'], ['g.{0,1}.l.{0,1}.w']],
  [['x', 'x.y', ''], ['x', 'x.y', '']],
  [['a.01', 'a.1'], ['a.{01,1}']],
  [['x', 'y'], ['x', 'y']],
  [Array.from({ length: 100 }, (_, i) => `a.x${i}`), ['a.{x0,x1,x2,x3,x4,x5,…}']],
  [Array.from({ length: 100 }, (_, i) => `a.${2 * i}.w`), ['a.{0,2,4,6,8,10,…}.w']],
])('%j are %j', (names, groups) => {
  expect(nameGroups(names)).toEqual(groups);
});

test('a model of twelve layers is a few groups, in the order of its names', () => {
  const layer = ['attention.self.query', 'attention.self.key', 'attention.output.LayerNorm', 'output.dense'];
  const both = (name: string): readonly string[] => [`${name}.weight`, `${name}.bias`];
  const layers = Array.from({ length: 12 }, (_, i) => layer.flatMap((part) => both(`encoder.layer.${i}.${part}`)));
  expect(nameGroups(['embeddings.word_embeddings.weight', ...layers.flat(), 'pooler.dense.weight'])).toEqual([
    'embeddings.word_embeddings.weight',
    ...layer.map((part) => `encoder.layer.{0…11}.${part}.{weight,bias}`),
    'pooler.dense.weight',
  ]);
});

test('of many groups the first are told', () => {
  const names = Array.from({ length: 40 }, (_, i) => `part${i}.weight`);
  expect(someGroups(['a'.repeat(1000)])).toBe(`${'a'.repeat(120)}…`);
  expect(someGroups(names)).toMatch(/^part0\.weight, part1\.weight, .*, part15\.weight and 24 more like these$/);
});
