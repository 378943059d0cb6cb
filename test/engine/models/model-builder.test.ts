import { describe, expect, test } from 'vitest';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import { encoders } from '../../../src/engine/models/encoders/index.ts';
import { encoderForward, type Frozen } from '../../../src/engine/models/index.ts';
import { depthOf } from '../../../src/engine/models/prefix.ts';
import { tokenRows } from '../../../src/engine/models/inputs.ts';
import { modelBuilder } from '../../../src/engine/models/model-builder.ts';
import { classifierStep } from '../../helpers/class-steps.ts';
import { tinyConfig, tinyEncoders } from './tiny.ts';

const zeros = { kind: 'zeros' } as const;

describe('a builder', () => {
  test('names parameters and dropout by the part that it stands at', () => {
    const m = modelBuilder(graphBuilder('test'), () => true);
    const layer = m.at('encoder.layer').at(3);
    const x = layer.at('dense').parameter('weight', [2, 2], zeros);
    layer.dropout('dropout', x, 0.5);
    expect(layer.name).toBe('encoder.layer.3');
    expect(m.parameters.map(({ name }) => name)).toEqual(['encoder.layer.3.dense.weight']);
    expect(m.masks.map(({ input }) => input)).toEqual(['encoder.layer.3.dropout.mask']);
  });

  test('shares a parameter that is declared again, and no other shape of it', () => {
    const m = modelBuilder(graphBuilder('test'));
    const first = m.at('layer').parameter('weight', [2, 3], zeros);
    expect(m.parameter('layer.weight', [2, 3], zeros)).toBe(first);
    expect(m.parameters).toHaveLength(1);
    expect(m.leaves).toHaveLength(1);
    expect(() => m.at('layer').parameter('weight', [3, 2], zeros)).toThrow('layer.weight is [2, 3] and cannot be shared as [3, 2]');
  });

  test('shares the rows of a table, which cannot be read whole as well', () => {
    const m = modelBuilder(graphBuilder('test'));
    const rows = m.at('words').tableRows('weight', [9, 3], zeros, tokenRows);
    expect(m.at('words').tableRows('weight', [9, 3], zeros, tokenRows)).toBe(rows);
    expect(m.leaves).toEqual([{ parameter: 'words.weight', value: rows, rows: 'token_rows' }]);
    expect(() => m.at('words').parameter('weight', [9, 3], zeros)).toThrow('words.weight is a table');
  });

  test('gives a layer that is used again masks of its own', () => {
    const m = modelBuilder(graphBuilder('test'), () => true);
    const x = m.parameter('x', [4], zeros);
    m.at('layer').dropout('dropout', m.at('layer').dropout('dropout', x, 0.1), 0.1);
    expect(m.masks.map(({ input }) => input)).toEqual(['layer.dropout.mask', 'layer.dropout.1.mask']);
  });
});

test('there is a tiny encoder of each kind, for the tests of what holds for all', () => {
  expect(Object.keys(tinyEncoders).sort()).toEqual(Object.keys(encoders).sort());
});

test.each(Object.entries(tinyEncoders))('%s: its inputs are those of its graph, and all names have its prefix', (type, { json, keys }) => {
  const config = tinyConfig({ [keys.layers]: 2 }, json);
  const { graph, parameters } = encoderForward(config);
  const own = new Set(parameters.map(({ name }) => name));
  const { names, inputs } = encoders[type]!;
  const fed = graph.inputs.map(({ name }) => name).filter((name) => !own.has(name));
  expect(fed.sort()).toEqual(inputs(config).map(({ name }) => name).sort());
  expect([...own].filter((name) => !name.startsWith(names.prefix))).toEqual([]);
  expect(own).toContain(names.words);
});

describe('a frozen prefix', () => {
  const encoder = tinyConfig({ num_hidden_layers: 2 });
  const step = (frozen: Frozen) => classifierStep({ encoder, head: { dense: [], dropout: 0.1, activation: 'none' }, outputs: 1, frozen });
  const parts = (names: readonly string[]): readonly string[] =>
    [...new Set(names.map((name) => name.replace(/^bert\./, '').replace(/^encoder\.layer\.(\d).*/, 'layer $1').replace(/\..*/, '')))];

  test.each<[Frozen, readonly string[]]>([
    [{ embeddings: false, layers: 0 }, ['embeddings', 'layer 0', 'layer 1', 'pooler', 'classifier']],
    [{ embeddings: true, layers: 0 }, ['layer 0', 'layer 1', 'pooler', 'classifier']],
    [{ embeddings: true, layers: 1 }, ['layer 1', 'pooler', 'classifier']],
    [{ embeddings: true, layers: 2 }, ['pooler', 'classifier']],
    ['encoder', ['classifier']],
  ])('%j leaves gradients and dropout above it alone', (frozen, trained) => {
    const { gradients, masks, parameters } = step(frozen);
    expect(parts(gradients.map(({ parameter }) => parameter))).toEqual(trained);
    expect(parts(masks.map(({ input }) => input))).toEqual(trained.filter((part) => part !== 'pooler'));
    expect(parts(parameters.map(({ name }) => name))).toEqual(['embeddings', 'layer 0', 'layer 1', 'pooler', 'classifier']);
  });

  test('of an ALBERT ends between groups of layers, which share their parameters', () => {
    const albert = tinyConfig({ num_hidden_layers: 5, num_hidden_groups: 2 }, tinyEncoders['albert']!.json); // 3 layers and 2
    const trained = (layers: number): readonly string[] => {
      const { gradients, masks } = classifierStep({
        encoder: albert,
        head: { dense: [], dropout: 0.1, activation: 'none' },
        outputs: 1,
        frozen: { embeddings: true, layers },
      });
      const names = [...gradients.map(({ parameter }) => parameter), ...masks.map(({ input }) => input)];
      return [...new Set(names.map((name) => /layer_groups\.\d|pooler|classifier|embedd/.exec(name)?.[0] ?? name))];
    };
    expect(trained(0)).toEqual(['layer_groups.0', 'layer_groups.1', 'pooler', 'classifier']);
    expect(trained(3)).toEqual(['layer_groups.1', 'pooler', 'classifier']);
    expect(trained(5)).toEqual(['pooler', 'classifier']);
    const depths = [0, 1].map((group) => depthOf(albert, `albert.encoder.albert_layer_groups.${group}.albert_layers.0.ffn.weight`));
    expect(depths).toEqual([3, 5]); // those of the last layers that have them
    for (const layers of [1, 2, 4]) expect(() => trained(layers)).toThrow(`the lowest ${layers} of 5 layers share parameters`);
  });
});
