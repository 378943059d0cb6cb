import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { valueAt } from '../src/core/values.ts';
import { openWeights, readEncoderConfig } from '../src/data/hub/index.ts';
import { encodeTexts, loadTokenizer } from '../src/data/tokens/index.ts';
import { tokenizerFiles } from '../src/data/tokenizer/index.ts';
import { classifierForward, pretrainedParameters } from '../src/engine/models/index.ts';
import { openTask } from '../src/tasks/index.ts';
import { ensemblePredictions, PORTABLE_FILES, portablePredictions, writeModelFolder, writePortableFolder } from '../src/training/index.ts';
import { none, times, type Finding, type Measurement, type Setting } from './measurement.ts';
import { openAnswers, type Answers } from './python.ts';
import { median } from './turns.ts';
import { trainTexts, type Tweets } from './tweets.ts';

export interface PredictOptions {
  readonly tweets: Tweets;
  readonly texts: number;
  readonly rounds: number;
  /** An ONNX file of the same architecture for Python, made elsewhere; our own export where it is left out. */
  readonly onnx?: string | undefined;
}

/** Each row is one side. */
interface Side {
  readonly name: string;
  readonly goal: string;
  predict(): Promise<Taken>;
}

interface Taken {
  /** Seconds. */
  readonly clock: number;
  readonly processor: number;
  /** Of the second of two classes, by text. */
  readonly probabilities: readonly number[];
}

const batch = 64;
const maxLength = 128;
const task = openTask({ classes: ['0', '1'] });

/** Texts a second from texts in memory to predictions, the opening of the model included, beside onnxruntime in Python. */
export function measurePredict(setting: Setting, options: PredictOptions): Measurement {
  return {
    title: `predicting ${options.texts} tweets`,
    columns: ['', 'texts a second', 'faster by the clock', 'faster by processor time', 'goal', 'largest difference'],
    findings: findings(setting, options),
  };
}

async function* findings({ threads, python }: Setting, { tweets, texts: count, rounds, onnx }: PredictOptions): AsyncGenerator<Finding> {
  const all = (await trainTexts(tweets)).texts;
  const texts = Array.from({ length: count }, (_, i) => `${valueAt(all, i % all.length)}${i < all.length ? '' : ` ${i}`}`);
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-predict-bench-'));
  const library = python === undefined ? undefined : openAnswers(python, 'predicting.py');
  try {
    const [model, portable] = [classifier(join(folder, 'model'), tweets.model), join(folder, 'portable')];
    await writePortableFolder(portable, [model], ['float32', 'int8']);
    const file = join(folder, 'texts.json');
    writeFileSync(file, JSON.stringify(texts));
    const speed = { device: 'cpu', threads, batchSize: batch } as const;
    const tokens = async () => encodeTexts(await loadTokenizer(tokenizerFiles(model)), texts, maxLength, { threads });
    const asked = {
      model: onnx ?? join(portable, PORTABLE_FILES.float32),
      tokenizer: join(model, 'tokenizer.json'),
      texts: file,
      batch,
      max_length: maxLength,
    };
    const theirs: Side[] =
      library === undefined
        ? []
        : [{ name: 'onnxruntime in Python', goal: none, predict: () => askedOf(library, { ...asked, threads }) }];
    const sides: readonly Side[] = [
      ...theirs,
      {
        name: 'ortrain',
        goal: '1.0',
        predict: () => taken(async () => ensemblePredictions([model], { kind: 'tokens', tokens: await tokens() }, speed, () => {})),
      },
      {
        name: 'ortrain, int8',
        goal: '2.0',
        predict: () =>
          taken(async () => portablePredictions(join(portable, PORTABLE_FILES.int8), await tokens(), task.published, speed, () => {})),
      },
    ];
    const results = new Map<Side, Taken[]>(sides.map((side) => [side, []]));
    for (let round = 0; round < rounds; round++) for (const side of sides) results.get(side)?.push(await side.predict());
    const [first] = sides;
    const middle = (side: Side, of: (one: Taken) => number): number => median((results.get(side) ?? []).map(of).toSorted((a, b) => a - b));
    for (const side of sides) {
      const isOurs = theirs.length > 0 && side !== first;
      const faster = (of: (one: Taken) => number): string => (isOurs ? times(middle(first!, of), middle(side, of)) : none);
      const [mine, other] = [results.get(side)?.[0]?.probabilities ?? [], results.get(first!)?.[0]?.probabilities ?? []];
      const difference = mine.reduce((most, p, i) => Math.max(most, Math.abs(p - valueAt(other, i))), 0);
      yield [
        side.name,
        (count / middle(side, ({ clock }) => clock)).toFixed(0),
        faster(({ clock }) => clock),
        faster(({ processor }) => processor),
        side.goal,
        isOurs && onnx === undefined ? difference.toExponential(1) : none,
      ];
    }
    const given = onnx === undefined ? 'our own float32 export' : 'an export made elsewhere';
    yield `Medians of ${rounds} turns, one side after the other; batches of ${batch} by falling length, ${threads} threads. Python computes ${given}.`;
  } finally {
    await library?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The encoder with a head of random weights, as a fold leaves it. */
function classifier(folder: string, base: string): string {
  const config = readEncoderConfig(base);
  const files = { 'config.json': join(base, 'config.json'), ...tokenizerFiles(base) };
  const head = { dense: [], dropout: 0, activation: 'none' } as const;
  const { source } = pretrainedParameters(openWeights(base), config, classifierForward({ encoder: config, head, outputs: 1 }).parameters, 7);
  writeModelFolder(folder, { task, head, files, config, source, max_seq_length: maxLength });
  return folder;
}

async function taken(predict: () => Promise<{ readonly numbers: Float64Array }>): Promise<Taken> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const { numbers } = await predict();
  const { user, system } = process.cpuUsage(before);
  return { clock: (performance.now() - start) / 1000, processor: (user + system) / 1e6, probabilities: [...numbers] };
}

async function askedOf(library: Answers, request: object): Promise<Taken> {
  type Answer = Omit<Taken, 'probabilities'> & { readonly logits: readonly (readonly [number, number])[] };
  const { clock, processor, logits } = await library.ask<Answer>(request);
  return { clock, processor, probabilities: logits.map(([a, b]) => 1 / (1 + Math.exp(a - b))) };
}
