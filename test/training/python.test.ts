import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadTokenizer, tokenize } from '../../src/data/tokens/tokens.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { ensemblePredictions } from '../../src/training/ensemble.ts';
import { describePython } from '../helpers/python.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { sharedPath } from '../helpers/shared.ts';
import { modelFolder, pretrained, type Architecture } from './model-folder.ts';

interface Opened {
  readonly className: string;
  /** Tensors that the class lacked, did not know, or found in another shape. */
  readonly unfit: readonly string[];
  readonly ids: readonly (readonly number[])[];
  /** By label, for each text. */
  readonly scores: readonly Readonly<Record<string, number>>[];
}

/** Opens model directories as their users do, deeper heads as docs/models.md tells; prints what it found in each. */
const PROGRAM = `
import glob, json, sys
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer, TextClassificationPipeline
from transformers import PreTrainedTokenizerFast

def whole(folder, tokenizer, texts):
    model, info = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
    classify = TextClassificationPipeline(model=model, tokenizer=tokenizer)
    return {
        "className": type(model).__name__,
        "unfit": [str(key) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") for key in info[kind]],
        "scores": [{each["label"]: each["score"] for each in scores} for scores in classify(texts, top_k=None, batch_size=4)],
    }

@torch.no_grad()
def in_parts(folder, tokenizer, texts):
    config = AutoConfig.from_pretrained(folder)
    tensors = {name: tensor for path in glob.glob(folder + "/*.safetensors") for name, tensor in load_file(path).items()}
    encoder, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    out = encoder.eval()(**tokenizer(texts, padding=True, return_tensors="pt"))
    x = out.pooler_output if "pooler_output" in out else out.last_hidden_state[:, 0]
    if config.model_type == "electra":
        dense = "electra.pooler.dense"
        x = torch.nn.functional.gelu(torch.nn.functional.linear(x, tensors[dense + ".weight"], tensors[dense + ".bias"]))
    activation = {"none": lambda x: x, "tanh": torch.tanh, "gelu": torch.nn.functional.gelu}[config.ortrain["head"]["activation"]]
    layers = len(config.ortrain["head"]["dense"])
    for i in range(layers + 1):
        x = torch.nn.functional.linear(x, tensors[f"classifier.{i}.weight"], tensors[f"classifier.{i}.bias"])
        x = activation(x) if i < layers else x
    scores = torch.softmax(x, dim=-1)
    return {
        "className": type(encoder).__name__,
        "unfit": [str(key) for kind in ("missing_keys", "mismatched_keys") for key in info[kind]],
        "scores": [{config.id2label[k]: p for k, p in enumerate(row)} for row in scores.tolist()],
    }

def opened(folder, deeper, texts):
    wordpiece = AutoConfig.from_pretrained(folder).model_type == "deberta-v2"  # whose own tokenizer is no WordPiece, as that here is
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=folder + "/tokenizer.json", pad_token="[PAD]") if wordpiece else AutoTokenizer.from_pretrained(folder)
    return {"ids": tokenizer(texts)["input_ids"], **(in_parts if deeper else whole)(folder, tokenizer, texts)}

texts, *folders = json.loads(sys.argv[1])
print(json.dumps([opened(folder, deeper, texts) for folder, deeper in folders]))
`;

interface Model {
  readonly architecture: Architecture;
  readonly path: string;
  readonly classes: readonly string[];
  readonly deeper: boolean;
}

const texts = [
  'Flood water rising fast on Mill Lane',
  'my inbox is flooded',
  'Fire!',
  'the whole team collapsed after the second half, honestly, what a day',
  'no',
  'Smoke over the old harbour; two engines are on their way, keep clear of the bridge',
];
const root = temporaryFolder();
const [two, three] = [['no', 'yes'], ['calm', 'fire', 'flood']];
/** The files that a hub's model brings along, without vocab.json and merges.txt, which nothing reads. */
const robertaTokenizer = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'].flatMap(
  (name) => sharedPath('models', 'roberta-base-tokenizer', name) ?? [],
);
/** Whose classes keep the pooler beside the encoder, so that nothing but `…ForSequenceClassification` opens both. */
const withHeads = ['deberta-v2', 'modernbert'] as const;
const architectures = (Object.keys(pretrained) as readonly Architecture[]).filter((name) => !withHeads.some((each) => each === name));

function model(
  architecture: Architecture,
  name: string,
  classes: readonly string[],
  dense: readonly number[],
  options: Parameters<typeof modelFolder>[3] = {},
): Model {
  const head = { dense, dropout: 0.1, activation: dense.length === 1 ? 'gelu' : 'tanh' } as const;
  return {
    architecture,
    path: modelFolder(join(root, `${architecture}-${name}`), architecture, { classes, head }, options),
    classes,
    deeper: dense.length > 0,
  };
}

describePython("Hugging Face's own classes", (run) => {
  let models: readonly Model[] = [];
  let answers: readonly Opened[] = [];

  // One Python for all: it takes seconds to import its libraries.
  beforeAll(() => {
    models = [
      ...architectures.flatMap((name) => [
        model(name, '2', two, []),
        model(name, '3', three, []),
        model(name, '3-deeper', three, [16, 8]),
      ]),
      ...(['bert', 'roberta', 'distilbert'] as const).flatMap((name) => [
        model(name, '2-deeper', two, [16]),
        model(name, 'shared', two, [], { shared: true }),
        model(name, 'shared-deeper', three, [16, 8], { shared: true }),
      ]),
      ...withHeads.flatMap((name) => [
        model(name, '2', two, []),
        model(name, '3', three, []),
        model(name, 'shared', two, [], { shared: true }),
      ]),
      ...(robertaTokenizer.length === 0
        ? []
        : [model('roberta', 'own-tokenizer', two, [], { vocabulary: 50265, tokenizer: robertaTokenizer })]),
    ];
    answers = run(PROGRAM, JSON.stringify([texts, ...models.map(({ path, deeper }) => [path, deeper])])) as readonly Opened[];
  }, 180_000);

  it('open every architecture with one dense layer and give the same probabilities', () => expectSame(false, 'forsequenceclassification'));

  it('open the encoder under a deeper head, whose layers lie as documented', () => expectSame(true, 'model'));

  async function expectSame(deeper: boolean, className: string): Promise<void> {
    for (const [i, { architecture, path, classes }] of [...models.entries()].filter(([, each]) => each.deeper === deeper)) {
      const found = answers[i] as Opened;
      const tokens = tokenize(await loadTokenizer(tokenizerFiles(path)), texts, 32);
      const { numbers: probabilities } = await ensemblePredictions(
        [path],
        { kind: 'tokens', tokens },
        { device: 'cpu', threads: 1, batchSize: 4 },
        () => {},
      );
      expect(found.className.toLowerCase(), path).toBe(`${architecture.replaceAll('-', '')}${className}`);
      expect(found.unfit, path).toEqual([]);
      expect(found.ids, path).toEqual(texts.map((_, row) => [...tokens.row(row)]));
      const scored = classes.length === 2 ? classes.slice(1) : classes;
      texts.forEach((text, row) =>
        scored.forEach((label, k) =>
          expect(probabilities[row * scored.length + k], `${path}: ${label} of ${text}`).toBeCloseTo(found.scores[row]?.[label] ?? NaN, 4),
        ),
      );
      expect(
        found.scores.map((scores) => Object.keys(scores).sort()),
        path,
      ).toEqual(texts.map(() => [...classes].sort()));
      if (classes.length === 2)
        for (const scores of found.scores) expect(scores[classes[0] ?? ''], path).toBeCloseTo(1 - (scores[classes[1] ?? ''] ?? NaN), 5);
      // Otherwise the bias alone would give the right answers: a hundred times the tolerance.
      expect(Math.max(...probabilities) - Math.min(...probabilities), path).toBeGreaterThan(0.01);
    }
  }
});
