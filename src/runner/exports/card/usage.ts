import { tablesOf } from '../../../config/index.ts';
import type { CardFacts } from './facts.ts';
import { code } from './markdown.ts';

/** How ortrain, transformers.js and any ONNX runtime, or Python load the model. `MODEL` stands for the folder or the hub's name. */
export function usage(facts: CardFacts): string {
  return [ortrain(facts), ...(facts.format === 'onnx' ? [transformersJs(facts), runtime(facts)] : [python(facts)])].join('\n\n');
}

function readsPairs({ experiment }: CardFacts): boolean {
  return typeof tablesOf(experiment.data).train.text !== 'string';
}

function ortrain(facts: CardFacts): string {
  const texts = readsPairs(facts) ? "[['a text', 'its second text']]" : "['a text']";
  return `In Node, by ortrain, with the predictions as the run gives them:

\`\`\`js
import { openClassifier } from 'ortrain';

const classifier = await openClassifier('MODEL');
const predictions = await classifier.classify(${texts});
await classifier.close();
\`\`\``;
}

function transformersJs(facts: CardFacts): string {
  const { task } = facts;
  const isSoftmax = task.published.averaged === 'softmax';
  if (isSoftmax && !readsPairs(facts))
    return `In transformers.js:

\`\`\`js
import { pipeline } from '@huggingface/transformers';

const classify = await pipeline('text-classification', 'MODEL', { dtype: 'fp32' });
const answer = await classify('a text', { top_k: null });
\`\`\``;
  const given = `tokenizer('a text', { ${readsPairs(facts) ? "text_pair: 'its second text', " : ''}truncation: true })`;
  const { published } = task;
  const answer = { softmax: 'logits.softmax(-1)', sigmoid: 'logits.sigmoid()', number: 'logits' }[published.averaged];
  return `In transformers.js:

\`\`\`js
import { AutoModelForSequenceClassification, AutoTokenizer } from '@huggingface/transformers';

const tokenizer = await AutoTokenizer.from_pretrained('MODEL');
const model = await AutoModelForSequenceClassification.from_pretrained('MODEL', { dtype: 'fp32' });
const { logits } = await model(${given});
const answer = ${answer}.tolist();${meaning(facts)}
\`\`\``;
}

function meaning({ experiment: { task } }: CardFacts): string {
  switch (task.name) {
    case 'ordinal':
      return ' // for each grade but the highest: the probability of a higher one';
    case 'regression':
      return " // in the target's unit";
    default:
      return '';
  }
}

function runtime({ exported: { files, models }, task: { published } }: CardFacts): string {
  const answer = {
    softmax: 'their softmax is the probabilities of `id2label` in `config.json`',
    sigmoid: 'their sigmoids are the probabilities of `id2label` in `config.json`',
    number: "they are numbers in the target's unit",
  }[published.averaged];
  const also = models.length > 1 && published.averaged !== 'number' ? '; and `probabilities`, of the same shape' : '';
  return `In any other ONNX runtime, ${files.map(({ path }) => code(path)).join(' or ')}:

- inputs: \`input_ids\`, \`attention_mask\` and, for encoders that have segments, \`token_type_ids\`, int64 [batch, sequence]
- outputs: \`logits\`, float32 [batch, ${published.outputs}]; ${answer}${also}`;
}

function python(facts: CardFacts): string {
  const { experiment } = facts;
  if (experiment.model.pooling !== 'default' || experiment.model.head.dense.length > 0)
    return 'Transformers has no class for this head: it opens the encoder alone, with `AutoModel.from_pretrained`.';
  const text = readsPairs(facts) ? "{'text': 'a text', 'text_pair': 'its second text'}" : "'a text'";
  return `In Python:

\`\`\`python
from transformers import pipeline

classify = pipeline("text-classification", "MODEL")
print(classify(${text}, top_k=None))
\`\`\``;
}
