import { choice, flag, integer, list, nullable, number, object, text } from '../schema/schema.ts';

const head = object('The dense layers on top of the encoder.', {
  dense: list(integer({ minimum: 1, maximum: 65536, description: 'Width of a hidden layer.' }), {
    default: [],
    examples: [[256, 32]],
    maxItems: 16,
    description: 'Widths of the hidden layers before the output: [] is one dense layer, [256, 32] is three.',
  }),
  dropout: number({
    default: 0.1,
    examples: [0.2],
    minimum: 0,
    exclusiveMaximum: 1,
    description: 'Share of values dropped before each of the first two dense layers.',
  }),
  activation: choice(['none', 'relu', 'tanh', 'gelu'], {
    default: 'none',
    examples: ['gelu'],
    description: 'Activation after each hidden layer.',
  }),
});

export const model = object('The pretrained encoder and the head on top of it.', {
  base: text({ examples: ['bert-base-uncased'], description: 'Name of a model on the Hugging Face hub, or a directory in its layout.' }),
  revision: text({ default: 'main', examples: ['v1.0'], description: 'Branch, tag or commit of the hub repository.' }),
  weights: choice(['pretrained', 'random'], {
    default: 'pretrained',
    description: 'Start from the pretrained weights, or from random ones.',
  }),
  max_seq_length: integer({
    default: 128,
    examples: [256],
    minimum: 3,
    description: 'Longer texts are cut to this many tokens, special tokens included.',
  }),
  truncation: choice(['longest_first', 'only_first', 'only_second'], {
    default: 'longest_first',
    examples: ['only_second'],
    description:
      'Which of two texts loses tokens where both together are longer than max_seq_length: the longer one, and both equally once they ' +
      'are equally long, or always the first or the second. For pairs of texts.',
  }),
  resize_embeddings: flag({
    default: false,
    description:
      'Give the model an embedding for each token that its tokenizer has beyond the vocabulary, such as added tokens. It starts as ' +
      'the mean of the others.',
  }),
  pooling: choice(['default', 'cls', 'mean', 'max', 'mean-max', 'last4', 'attention', 'weighted'], {
    default: 'default',
    examples: ['mean'],
    description:
      "What the head reads of a text. default: what the encoder's own classifier reads, with its pooler. Of the last hidden state: cls, " +
      'the first token; mean, max or mean-max, the mean of all tokens, their maximum or both; attention, their mean with weights that ' +
      'are learned. Of the last four hidden states: last4, their first tokens; weighted, the mean of their means with weights that are ' +
      'learned. mean suits models without a trained pooler, such as sentence encoders.',
  }),
  freeze: object('Which of the lowest parts of the encoder are not trained. They run without dropout.', {
    embeddings: nullable(
      flag({
        description: 'Freeze the embeddings, which then take no memory of the optimizer. null: only if layers are frozen.',
      }),
    ),
    layers: integer({
      default: 0,
      examples: [3],
      minimum: 0,
      description:
        'Number of lowest layers to freeze, with the embeddings. They run once for each text; folds, epochs and heads start from their ' +
        'output, which is kept in the cache.',
    }),
    store: choice(['float16', 'float32'], {
      default: 'float16',
      description:
        'How the output of frozen layers is kept. float16 takes half the disk space and rounds; with float32, training gives the same as ' +
        'without the cache.',
    }),
  }),
  freeze_encoder: flag({ default: false, description: 'Train the head only. The encoder then runs once for each text.' }),
  head,
});
