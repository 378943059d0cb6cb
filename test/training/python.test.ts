import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadTokenizer, tokenize } from '../../src/data/tokens.ts';
import { tokenizerFiles } from '../../src/training/classifier-folder.ts';
import { ensembleProbabilities } from '../../src/training/ensemble.ts';
import { describePython } from '../helpers/python.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { sharedPath } from '../helpers/shared.ts';
import { modelFolder, type Architecture } from './model-folder.ts';

interface Opened {
  readonly className: string;
  /** Tensors that the class lacked, did not know, or found in another shape. */
  readonly unfit: readonly string[];
  readonly ids: readonly (readonly number[])[];
  /** By label, for each text. */
  readonly scores: readonly Readonly<Record<string, number>>[];
}

/** Opens model directories as their users do; prints what it found in each. */
const PROGRAM = `
import json, sys
from transformers import AutoModelForSequenceClassification, AutoTokenizer, TextClassificationPipeline

def opened(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model, info = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
    classify = TextClassificationPipeline(model=model, tokenizer=tokenizer)
    return {
        "className": type(model).__name__,
        "unfit": [str(key) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") for key in info[kind]],
        "ids": tokenizer(texts)["input_ids"],
        "scores": [{each["label"]: each["score"] for each in scores} for scores in classify(texts, top_k=None, batch_size=4)],
    }

texts, *folders = json.loads(sys.argv[1])
print(json.dumps([opened(folder, texts) for folder in folders]))
`;

const texts = ['Flood water rising fast on Mill Lane', 'my inbox is flooded', 'Fire!', 'the whole team collapsed after the second half, honestly, what a day'];
const flat = { dense: [], dropout: 0.1, activation: 'none' } as const;
const root = temporaryFolder();
const [two, three] = [['no', 'yes'], ['calm', 'fire', 'flood']];
/** The files that a hub's model brings along, without vocab.json and merges.txt, which nothing reads. */
const robertaTokenizer = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'].flatMap((name) => sharedPath('models', 'roberta-base-tokenizer', name) ?? []);

describePython("Hugging Face's own classes", (run) => {
  it('open every architecture with one dense layer and give the same probabilities', { timeout: 180_000 }, async () => {
    const folder = (name: string): string => join(root, name);
    const models: readonly (readonly [Architecture, string, readonly string[]])[] = [
      ...(['bert', 'roberta', 'distilbert'] as const).flatMap((architecture) => [
        [architecture, modelFolder(folder(`${architecture}-2`), architecture, { classes: two, head: flat }), two] as const,
        [architecture, modelFolder(folder(`${architecture}-3`), architecture, { classes: three, head: flat }), three] as const,
      ]),
      ...(robertaTokenizer.length === 0 ? [] : [['roberta', modelFolder(folder('roberta-base'), 'roberta', { classes: two, head: flat }, { vocabulary: 50265, tokenizer: robertaTokenizer }), two] as const]),
    ];
    const answers = run(PROGRAM, JSON.stringify([texts, ...models.map(([, path]) => path)])) as readonly Opened[];
    for (const [i, [architecture, path, classes]] of models.entries()) {
      const found = answers[i] as Opened;
      const tokens = tokenize(await loadTokenizer(tokenizerFiles(path)), texts, 32);
      const probabilities = await ensembleProbabilities([path], { kind: 'tokens', tokens }, { device: 'cpu', threads: 1, batchSize: 4 }, () => {});
      expect(found.className.toLowerCase(), path).toBe(`${architecture}forsequenceclassification`);
      expect(found.unfit, path).toEqual([]);
      expect(found.ids, path).toEqual(texts.map((_, row) => [...tokens.row(row)]));
      const scored = classes.length === 2 ? classes.slice(1) : classes;
      texts.forEach((text, row) => scored.forEach((label, k) => expect(probabilities[row * scored.length + k], `${path}: ${label} of ${text}`).toBeCloseTo(found.scores[row]?.[label] ?? NaN, 4)));
      // Otherwise the bias alone would give the right answers: a hundred times the tolerance.
      expect(Math.max(...probabilities) - Math.min(...probabilities), path).toBeGreaterThan(0.01);
    }
  });
});
