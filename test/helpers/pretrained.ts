import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  classifierForward,
  encodeSafetensors,
  parseEncoderConfig,
  randomParameters,
  type NamedTensor,
} from '../../src/engine/models/index.ts';
import { root } from './quickstart.ts';

const quickstart = join(root, 'configs/quickstart/model');

interface Tokens {
  added_tokens: object[];
}

/** The quickstart's model as a folder of pretrained weights; tensors may be changed, and words added to the tokenizer after the last id. */
export function pretrainedFolder(
  folder: string,
  {
    change = (tensor) => tensor,
    words = [],
  }: { readonly change?: (tensor: NamedTensor) => NamedTensor; readonly words?: readonly string[] } = {},
): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ['config.json', 'tokenizer_config.json']) copyFileSync(join(quickstart, name), join(folder, name));
  const tokens = JSON.parse(readFileSync(join(quickstart, 'tokenizer.json'), 'utf8')) as Tokens;
  const config = parseEncoderConfig(readFileSync(join(folder, 'config.json'), 'utf8'), 'config.json');
  const added = words.map((content, i) => ({
    id: config.vocabSize + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify({ ...tokens, added_tokens: [...tokens.added_tokens, ...added] }));
  const { parameters } = classifierForward({ encoder: config, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 2 });
  const tensors = parameters
    .filter(({ name }) => name.startsWith('bert.'))
    .map((spec) => change({ name: spec.name, shape: spec.shape, data: randomParameters(5)(spec) }));
  writeFileSync(join(folder, 'model.safetensors'), Buffer.concat(encodeSafetensors(tensors)));
  return folder;
}
