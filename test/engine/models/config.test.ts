import { describe, expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { encoders } from '../../../src/engine/models/encoders/index.ts';
import { parseEncoderConfig } from '../../../src/engine/models/index.ts';
import { describeShared, sharedJson } from '../../helpers/shared.ts';
import {
  tinyConfigJson,
  tinyDebertaJson,
  tinyDistilbertJson,
  tinyElectraJson,
  tinyModernbertJson,
  tinyMpnetJson,
  tinyRobertaJson,
} from './tiny.ts';

type Json = Readonly<Record<string, unknown>>;

function parse(changes: Json, json = tinyConfigJson): ReturnType<typeof parseEncoderConfig> {
  return parseEncoderConfig(JSON.stringify({ ...json, ...changes }), 'm/config.json');
}

function failure(changes: Json, json = tinyConfigJson): OrtrainError {
  try {
    parse(changes, json);
  } catch (error) {
    if (error instanceof OrtrainError) return error;
  }
  throw new Error('it was accepted');
}

describe('config.json', () => {
  test('keys that may be absent have the defaults of BertConfig', () => {
    expect(parse({})).toEqual({
      modelType: 'bert',
      vocabSize: 50,
      hiddenSize: 8,
      layers: 1,
      heads: 2,
      intermediateSize: 16,
      maxPositions: 16,
      firstPosition: 0,
      typeVocabSize: 2,
      padTokenId: 0,
      activation: 'gelu',
      layerNormEps: 1e-12,
      hiddenDropout: 0.1,
      attentionDropout: 0.1,
      initializerRange: 0.02,
    });
  });

  test.each([
    ['gelu', 'gelu'],
    ['gelu_python', 'gelu'],
    ['gelu_new', 'gelu-tanh'],
    ['gelu_fast', 'gelu-tanh'],
    ['gelu_accurate', 'gelu-tanh'],
    ['gelu_pytorch_tanh', 'gelu-tanh'],
    ['gelu_python_tanh', 'gelu-tanh'],
    ['quick_gelu', 'gelu-sigmoid'],
    ['silu', 'silu'],
    ['swish', 'silu'],
    ['relu', 'relu'],
    ['tanh', 'tanh'],
    ['sigmoid', 'sigmoid'],
    ['linear', 'none'],
    [undefined, 'gelu'],
  ])('hidden_act %s', (name, activation) => {
    expect(parse({ hidden_act: name })).toMatchObject({ activation });
  });

  test('all problems are named at once, and none that follows from another', () => {
    const error = failure({
      hidden_size: undefined,
      num_attention_heads: 0,
      hidden_act: 'mish',
      hidden_dropout_prob: 1,
      vocab_size: '50',
      position_embedding_type: 'relative_key',
    });
    expect(error.code).toBe('data');
    expect(error.message).toContain('m/config.json');
    expect(error.problems.map((problem) => [problem.file, problem.field])).toEqual([
      ['m/config.json', 'hidden_size'],
      ['m/config.json', 'num_attention_heads'],
      ['m/config.json', 'vocab_size'],
      ['m/config.json', 'position_embedding_type'],
      ['m/config.json', 'hidden_act'],
      ['m/config.json', 'hidden_dropout_prob'],
    ]);
    expect(error.problems[0]?.message).toBe('hidden_size: missing; a positive whole number is needed');
  });

  test.each([
    ['heads that do not divide the width', { num_attention_heads: 3 }, 'hidden_size'],
    ['a padding id outside the vocabulary', { pad_token_id: 50 }, 'pad_token_id'],
    ['a fraction of a layer', { num_hidden_layers: 1.5 }, 'num_hidden_layers'],
    ['an absurd width', { intermediate_size: 1e12 }, 'intermediate_size'],
    ['a thousand million neurons', { hidden_size: 1e9 }, 'hidden_size'],
    ['a million layers', { num_hidden_layers: 1e6 }, 'num_hidden_layers'],
    ['no heads', { num_attention_heads: 0 }, 'num_attention_heads'],
    ['a vocabulary of less than nothing', { vocab_size: -1 }, 'vocab_size'],
    ['endless texts', { max_position_embeddings: 1e12 }, 'max_position_embeddings'],
    ['sizes that are absurd together', { vocab_size: 1e6, hidden_size: 65536 }, 'model_type'],
    ['a size that is a deep list', { vocab_size: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown }, 'vocab_size'],
    ['a decoder', { is_decoder: true }, 'is_decoder'],
    ['attention to another encoder', { add_cross_attention: true }, 'add_cross_attention'],
    ['no segment', { type_vocab_size: 0 }, 'type_vocab_size'],
    ['an epsilon of nothing', { layer_norm_eps: 0 }, 'layer_norm_eps'],
    ['heads that were removed', { pruned_heads: { 0: [1] } }, 'pruned_heads'],
    ['a negative dropout', { attention_probs_dropout_prob: -0.1 }, 'attention_probs_dropout_prob'],
  ])('%s is refused', (_, changes, field) => {
    const { problems } = failure(changes);
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.message.length).toBeLessThan(200);
  });

  test.each([
    ['hidden_size', tinyDebertaJson],
    ['position_buckets', tinyDebertaJson],
    ['hidden_dropout_prob', tinyElectraJson],
    ['global_rope_theta', { ...tinyModernbertJson, local_rope_theta: null }],
    ['num_hidden_layers', { ...tinyModernbertJson, layer_types: ['full_attention'] }],
  ])('a %s that is a text is one problem, though other keys fall back to it', (key, json: Json) => {
    for (const value of ['text', [], {}, -0.5]) expect(failure({ [key]: value }, json).problems.map(({ field }) => field)).toEqual([key]);
  });

  test('an activation that cannot be given exactly is refused with those that can', () => {
    for (const name of ['relu2', 'gelu_10', 'GELU', 'constructor'])
      expect(failure({ hidden_act: name }).problems[0]?.message).toMatch(`"${name}" is not supported; gelu, gelu_python, gelu_new`);
  });

  test.each([
    [{ model_type: 'gpt2' }, 'Take'],
    [{ model_type: undefined }, 'Add "model_type" to the file, or take'],
    [{ model_type: 'constructor' }, 'Take'],
  ])('%o: the remedy lists what is supported', (changes, start) => {
    expect(failure(changes).remedy).toBe(`${start} a model of one of these types: ${Object.keys(encoders).join(', ')}.`);
  });

  test('of a RoBERTa: positions begin after the padding id, and its rows before them hold no token', () => {
    expect(parse({ layer_norm_eps: 1e-5 }, tinyRobertaJson)).toEqual({
      ...parse({ layer_norm_eps: 1e-5 }),
      modelType: 'roberta',
      padTokenId: 1,
      firstPosition: 2,
      maxPositions: 16,
      typeVocabSize: 1,
    });
    expect(failure({ max_position_embeddings: 2 }, tinyRobertaJson).problems.map(({ field }) => field)).toEqual([
      'max_position_embeddings',
    ]);
  });

  test('of a DistilBERT has names of its own, and neither segments nor an epsilon', () => {
    const changes = { activation: 'relu', dropout: 0.2, attention_dropout: 0.3, sinusoidal_pos_embds: true };
    expect(parse(changes, tinyDistilbertJson)).toEqual({
      ...parse({ hidden_act: 'relu', hidden_dropout_prob: 0.2, attention_probs_dropout_prob: 0.3 }),
      modelType: 'distilbert',
      typeVocabSize: 0,
      layerNormEps: 1e-12,
    });
    const { problems } = failure({ n_heads: 3, activation: 'mish', hidden_dim: undefined, hidden_size: 8 }, tinyDistilbertJson);
    expect(problems.map(({ field }) => field)).toEqual(['dim', 'hidden_dim', 'activation']);
  });

  test('of an ELECTRA and an ALBERT says how wide embeddings are, and which layers share their parameters', () => {
    const { embedding_size: _, ...electra } = tinyElectraJson;
    expect(parse({}, electra)).toMatchObject({ embeddingSize: 128, poolerDropout: 0.1 });
    expect(parse({ classifier_dropout: 0.3, hidden_dropout_prob: 0.2 }, electra)).toMatchObject({ poolerDropout: 0.3, hiddenDropout: 0.2 });
    expect(parse({ classifier_dropout: null, hidden_dropout_prob: 0.2 }, electra)).toMatchObject({ poolerDropout: 0.2 });
    const albert = { ...tinyConfigJson, model_type: 'albert' };
    expect(parse({}, albert)).toMatchObject({
      embeddingSize: 128,
      groups: 1,
      innerLayers: 1,
      activation: 'gelu-tanh',
      hiddenDropout: 0,
      attentionDropout: 0,
    });
    expect(failure({ num_hidden_groups: 2 }, albert).problems.map(({ message }) => message)).toEqual([
      'num_hidden_groups: 2 is more than the model\'s 1 layers, so that some would never be used',
    ]);
    for (const changes of [{ inner_group_num: 0 }, { num_hidden_layers: 100, inner_group_num: 11 }])
      expect(failure(changes, albert).problems.map(({ field }) => field)).toEqual(['inner_group_num']);
  });

  test('of an MPNet: positions begin after 1, whatever the padding id is, and distances have 32 buckets, whatever their table has', () => {
    const expected = { padTokenId: 9, firstPosition: 2, maxPositions: 16, typeVocabSize: 0 };
    expect(parse({ pad_token_id: 9 }, tinyMpnetJson)).toMatchObject(expected);
    expect(parse({ relative_attention_num_buckets: 64 }, tinyMpnetJson)).toMatchObject({ biasRows: 64 });
    expect(failure({ relative_attention_num_buckets: 16 }, tinyMpnetJson).problems.map(({ field }) => field)).toEqual([
      'relative_attention_num_buckets',
    ]);
    expect(failure({ max_position_embeddings: 2 }, tinyMpnetJson).problems.map(({ field }) => field)).toEqual(['max_position_embeddings']);
  });

  describe('of a DeBERTa', () => {
    test('of version 3: relative positions in buckets, no table of positions, and so no limit of it', () => {
      const config = parse({ position_buckets: 8, max_relative_positions: -1, pooler_dropout: 0.2 }, tinyDebertaJson);
      expect(config).toMatchObject({
        hasPositions: false,
        maxPositions: 8192,
        embeddingSize: 8,
        typeVocabSize: 0,
        terms: 3,
        layerNormEps: 1e-7,
        poolerDropout: 0.2,
        relative: { buckets: 8, span: 16, isNormalized: true, shared: true, toKeys: true, toQueries: true },
      });
    });

    test.each([0, -1, -2])('buckets and a span of %i mean none, as in Transformers', (none) => {
      expect(parse({ position_buckets: none, max_relative_positions: none }, tinyDebertaJson)).toMatchObject({
        relative: { buckets: -1, span: 16 },
      });
    });

    test('without a key has the default of DebertaV2Config', () => {
      const bare = { ...tinyConfigJson, model_type: 'deberta-v2' };
      expect(parse({}, bare)).toMatchObject({ hasPositions: true, maxPositions: 16, typeVocabSize: 0, relative: null, terms: 1 });
      expect(parse({ relative_attention: true, pos_att_type: ['c2p'] }, bare)).toMatchObject({
        terms: 2,
        relative: { buckets: -1, span: 16, isNormalized: false, shared: false, toKeys: true, toQueries: false },
      });
    });

    test.each([
      ['conv_kernel_size', 3, '3 is not supported; 0 is'],
      ['pos_att_type', 'c2p|p2p', '"c2p|p2p" is not supported; c2p and p2c are'],
      ['pos_att_type', ['c2p', 7], 'is not supported; c2p and p2c are'],
      ['norm_rel_ebd', 'batch_norm', '"batch_norm" is not supported; none, layer_norm are'],
      ['attention_head_size', 16, '16 is not supported; 4 is'],
      ['pooler_hidden_size', 4, '4 is not supported; 8 is'],
      ['position_buckets', 40, '40 buckets cannot be laid over distances up to 16'],
      ['position_buckets', 1e9, '1000000000 is more than any model has; at most 10000000 can be trained here'],
      ['max_relative_positions', 1e9, '1000000000 is more than any model has; at most 10000000 can be trained here'],
      ['max_relative_positions', 2.5, '2.5 is not a whole number'],
      ['relative_attention', 'yes', '"yes" is neither true nor false'],
      ['type_vocab_size', -1, '-1 is not a number of segments'],
      ['hidden_act', 'mish', '"mish" is not supported'],
    ])('%s: %j is refused', (key, value, message) => {
      const { problems } = failure({ [key]: value }, tinyDebertaJson);
      expect(problems.map(({ field }) => field)).toEqual([key]);
      expect(problems[0]?.message).toContain(message);
    });
  });

  describe('of a ModernBERT', () => {
    const layers = { num_hidden_layers: 4 };

    test('has the keys of Transformers 5 and those of before', () => {
      const before = parse({ ...layers, global_attn_every_n_layers: 2, global_rope_theta: 5e4, local_rope_theta: null }, tinyModernbertJson);
      expect(before).toMatchObject({ isLocal: [false, true, false, true], theta: { global: 5e4, local: 5e4 }, window: 2 });
      const types = ['full_attention', 'sliding_attention', 'sliding_attention', 'full_attention'];
      const rope = { full_attention: { rope_theta: 7, rope_type: 'default' }, sliding_attention: { rope_type: 'default' } };
      const now = parse({ ...layers, layer_types: types, rope_parameters: rope }, tinyModernbertJson);
      expect(now).toMatchObject({ isLocal: [false, true, true, false], theta: { global: 7, local: 10_000 } });
    });

    test('without a key has the default of ModernBertConfig', () => {
      const { local_attention: _, pad_token_id: __, mlp_dropout: ___, attention_dropout: ____, ...bare } = tinyModernbertJson;
      expect(parse({ ...layers, vocab_size: 50368, max_position_embeddings: undefined }, bare)).toMatchObject({
        isLocal: [false, true, true, false],
        theta: { global: 160_000, local: 10_000 },
        window: 64,
        maxPositions: 8192,
        padTokenId: 50283,
        normEps: 1e-5,
        pooling: 'cls',
        attentionDropout: 0,
        hasBias: { norm: false, attention: false, feedForward: false, head: false },
      });
    });

    test.each([
      ['rope_scaling', { type: 'linear' }, 'is not supported; null is'],
      ['rope_parameters', { full_attention: { rope_type: 'yarn' } }, 'the type "yarn" of full_attention is not supported'],
      ['rope_parameters', { rope_theta: 5e5, rope_type: 'default' }, '"rope_theta" is not supported; full_attention and sliding_attention are'],
      ['rope_parameters', { full_attention: { factor: 4 } }, '"factor" is not supported; rope_theta and rope_type are'],
      ['rope_parameters', [1], '[1] is not supported'],
      ['rope_parameters', { sliding_attention: { rope_theta: -1 } }, 'the rope_theta of sliding_attention is not a positive number'],
      ['layer_types', ['full_attention'], 'is not a list of 4 items'],
      ['layer_types', ['full_attention', 'none', 'full_attention', 'full_attention'], 'is not a list of 4 items'],
      ['classifier_pooling', 'max', '"max" is not supported; cls, mean are'],
      ['head_dim', 16, '16 is not supported; 4 is'],
      ['norm_bias', 1, '1 is neither true nor false'],
    ])('%s: %j is refused', (key, value, message) => {
      const { problems } = failure({ ...layers, [key]: value }, tinyModernbertJson);
      expect(problems.map(({ field }) => field)).toEqual([key]);
      expect(problems[0]?.message).toContain(message);
    });
  });

  describe('without model_type', () => {
    const kindOf = (json: object, names: readonly string[] = []): string =>
      parseEncoderConfig(JSON.stringify(json), 'config.json', () => names).modelType;
    const { model_type: _, ...bare } = tinyConfigJson;
    const { model_type: __, ...bareDistilbert } = tinyDistilbertJson;

    test.each([
      [['BertModel'], 'bert'],
      [['BertForMaskedLM'], 'bert'],
      [['BertLMHeadModel', 'BertModel'], 'bert'],
      [['RobertaForSequenceClassification'], 'roberta'],
      [['XLMRobertaModel'], 'xlm-roberta'],
      [['CamembertForMaskedLM'], 'camembert'],
      [['ElectraForPreTraining'], 'electra'],
      [['MPNetForMaskedLM'], 'mpnet'],
      [['AlbertForMaskedLM'], 'albert'],
    ])('%j is a %s', (architectures, kind) => {
      expect(kindOf({ ...bare, type_vocab_size: 1, max_position_embeddings: 18, architectures })).toBe(kind);
      expect(kindOf({ ...bare, type_vocab_size: 1, max_position_embeddings: 18, model_type: null, architectures })).toBe(kind);
    });

    test('DistilBERT has keys of its own', () =>
      expect(kindOf({ ...bareDistilbert, architectures: ['DistilBertForMaskedLM'] })).toBe('distilbert'));

    test.each([
      [['BertGenerationEncoder']],
      [['BertJapaneseModel']],
      [['XLMRobertaXLModel']],
      [['BertModel', 'RobertaModel']],
      [['BertModel', 'Mine']],
      [[]],
      ['BertModel'],
      [[7]],
    ])('%j says nothing', (architectures) => {
      expect(() => kindOf({ ...bare, architectures })).toThrow(/model_type: missing/);
    });

    test('the names of the weights tell it where their beginning is that of one kind', () => {
      expect(kindOf(bare, ['bert.embeddings.LayerNorm.weight', 'cls.predictions.bias'])).toBe('bert');
      expect(
        kindOf({ ...bare, type_vocab_size: 1, max_position_embeddings: 18, architectures: ['Mine'] }, [
          'module.roberta.embeddings.LayerNorm.weight',
        ]),
      ).toBe('roberta');
      expect(() => kindOf(bare, ['embeddings.LayerNorm.weight'])).toThrow(/model_type: missing/);
      expect(() => kindOf(bare, ['bert.embeddings.LayerNorm.weight', 'roberta.embeddings.LayerNorm.weight'])).toThrow(
        /model_type: missing/,
      );
    });

    test('the weights are not looked at where something else tells', () => {
      const names = (): never => { throw new Error('looked'); };
      expect(parseEncoderConfig(JSON.stringify(tinyConfigJson), 'config.json', names).modelType).toBe('bert');
    });
  });

  test.each(['', '[]', 'null', '{"model_type":'])('%o is not an object', (text) => {
    expect(() => parseEncoderConfig(text, 'm/config.json')).toThrow(/m\/config\.json is not/);
  });
});

describeShared('real configurations', ['models', 'all-MiniLM-L6-v2', 'config.json'], () => {
  test('MiniLM', () => {
    const config = parseEncoderConfig(JSON.stringify(sharedJson('models', 'all-MiniLM-L6-v2', 'config.json')), 'config.json');
    expect(config).toMatchObject({ layers: 6, hiddenSize: 384, heads: 12, intermediateSize: 1536, vocabSize: 30522, maxPositions: 512 });
  });
});
