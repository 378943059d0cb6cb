import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commonTensors, parseEncoderConfig, randomParameters } from '../../src/engine/models/index.ts';
import { writeModelFolder, type NewModel } from '../../src/training/folders/classifier-folder.ts';
import { saveShared } from '../../src/training/folders/weight-files.ts';
import { root } from '../helpers/quickstart.ts';
import type { Task } from '../../src/tasks/index.ts';
import { classification } from '../../src/tasks/classification/task.ts';

const sizes = {
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 64,
} as const;
const likeRoberta = { ...sizes, max_position_embeddings: 66, type_vocab_size: 1, layer_norm_eps: 1e-5, pad_token_id: 1 } as const;

/** What a pretrained model of each architecture says in its config.json, with the quickstart's vocabulary. */
export const pretrained = {
  bert: { model_type: 'bert', ...sizes },
  roberta: { model_type: 'roberta', ...likeRoberta },
  distilbert: {
    model_type: 'distilbert',
    dim: 16,
    n_layers: 2,
    n_heads: 2,
    hidden_dim: 32,
    max_position_embeddings: 64,
    attention_dropout: 0.1,
    dropout: 0.1,
  },
  'deberta-v2': {
    model_type: 'deberta-v2',
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 32,
    max_position_embeddings: 64,
    type_vocab_size: 0,
    relative_attention: true,
    position_buckets: 8,
    norm_rel_ebd: 'layer_norm',
    share_att_key: true,
    pos_att_type: ['p2c', 'c2p'],
    position_biased_input: false,
  },
  modernbert: {
    model_type: 'modernbert',
    hidden_size: 16,
    num_hidden_layers: 3,
    num_attention_heads: 2,
    intermediate_size: 32,
    local_attention: 8,
    pad_token_id: 0,
    classifier_pooling: 'mean',
  },
  'xlm-roberta': { model_type: 'xlm-roberta', ...likeRoberta },
  camembert: { model_type: 'camembert', ...likeRoberta },
  electra: { model_type: 'electra', ...sizes, embedding_size: 12 },
  mpnet: { model_type: 'mpnet', ...sizes, max_position_embeddings: 66 },
  albert: { model_type: 'albert', ...sizes, embedding_size: 12, num_hidden_layers: 3, num_hidden_groups: 2, inner_group_num: 2 },
} as const;

export type Architecture = keyof typeof pretrained;

const quickstartTokenizer = ['tokenizer.json', 'tokenizer_config.json'].map((name) => join(root, 'configs/quickstart/model', name));

/** Large enough for probabilities that differ from text to text. */
const lively = { initializer_range: 0.5 };

/** A key of ModernBERT, as Python writes it: Transformers refuses to open a model where it is 2. */
export const FLOAT = '"initializer_cutoff_factor": 2.0';

interface ModelOptions {
  readonly vocabulary?: number;
  readonly tokenizer?: readonly string[];
  /** As the models of a frozen encoder, whose tensors lie in a file of their own. */
  readonly shared?: boolean;
  /** Of the random weights; those of a shared encoder are always the same. */
  readonly seed?: number;
}

/** A model directory with random weights, as a fold leaves it. */
export function modelFolder(
  folder: string,
  architecture: Architecture,
  { head, ...learned }: Pick<NewModel, 'head'> & ({ readonly classes: readonly string[] } | { readonly task: Task }),
  options: ModelOptions = {},
): string {
  const base = join(folder, 'base');
  mkdirSync(base, { recursive: true });
  const json = JSON.stringify({
    ...pretrained[architecture],
    ...lively,
    vocab_size: options.vocabulary ?? 1200,
    dtype: 'float16',
    architectures: ['Other'],
  });
  const paths = [join(base, 'config.json'), ...(options.tokenizer ?? quickstartTokenizer).map((path) => join(base, basename(path)))];
  writeFileSync(join(base, 'config.json'), json.replace(/}$/, `,${FLOAT}}`));
  for (const path of options.tokenizer ?? quickstartTokenizer) copyFileSync(path, join(base, basename(path)));
  const config = parseEncoderConfig(json, 'config.json');
  const encoderFile = join(folder, 'encoder.safetensors');
  if (options.shared === true) saveShared(encoderFile, commonTensors(config), randomParameters(11));
  writeModelFolder(join(folder, 'model'), {
    task: 'task' in learned ? learned.task : classification(learned.classes),
    head,
    files: Object.fromEntries(paths.map((path) => [basename(path), path])),
    config,
    source:
      options.shared === true
        ? (spec, into) => randomParameters(spec.name.startsWith('classifier.') ? (options.seed ?? 11) : 11)(spec, into)
        : randomParameters(options.seed ?? 11),
    max_seq_length: 32,
    ...(options.shared === true ? { shared: { file: encoderFile, isEncoder: true } } : {}),
  });
  return join(folder, 'model');
}
