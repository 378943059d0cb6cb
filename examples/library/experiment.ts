import { defineExperiment } from 'ortrain';

/** The quickstart as an object: `npx ortrain init --example quickstart` copies its table and its small model. */
export const experiment = defineExperiment({
  name: 'messages',
  data: { train: 'configs/quickstart/train.csv', id: 'id', text: 'text', target: 'target' },
  model: { base: 'configs/quickstart/model', weights: 'random', max_seq_length: 64 },
  split: { folds: 2 },
  training: { epochs: 3, optimizer: { lr: 0.003 } },
});
