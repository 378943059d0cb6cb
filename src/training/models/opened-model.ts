import { required } from '../../core/values.ts';
import { OrtrainError } from '../../core/errors.ts';
import { tokenLengths, tokensOf, type evaluationBatches, type TokenSet } from '../../data/tokens/index.ts';
import { openWeights } from '../../data/hub/index.ts';
import { classifierForward, portableFeeds, savedClassifier, type PublishedClassifier } from '../../engine/models/index.ts';
import { openForward, openModelFile, type Device } from '../../engine/runtime/index.ts';
import type { Feeds, ForwardProgram } from '../../engine/program.ts';
import type { Predictions, Task } from '../../tasks/index.ts';
import { tokenSource, type BatchSource } from '../batch-source.ts';
import { lastLayerOf, readModelFolder, type SavedModel } from '../folders/classifier-folder.ts';
import { forwardAll } from '../inference.ts';
import type { FoundModel } from './found-model.ts';

/** A model in memory. */
export interface OpenedModel<Input = TokenSet> {
  /**
   * What it says about every row, in their order.
   *
   * @param batchSize rows that go through it at a time
   * @param onProgress hears of rows; may throw to stop
   * @param batches puts rows together; `evaluationBatches` where it is left out
   */
  predict(input: Input, batchSize: number, onProgress: (done: number) => void, batches?: Batching): Promise<Predictions>;
  release(): Promise<void>;
}

type Batching = typeof evaluationBatches;

export interface OpeningOptions {
  readonly device: Device;
  readonly threads: number;
}

/** Takes a model into memory. A portable one computes on the CPU: throws a `usage` error for another device. */
export async function openModel(found: FoundModel, options: OpeningOptions): Promise<OpenedModel> {
  switch (found.kind) {
    case 'trained': {
      const saved = readModelFolder(found.folder);
      const program = classifierForward({ ...saved, ...lastLayerOf(saved.task) });
      const model = await openTrained(found.folder, saved, program, { ...options, isKept: true });
      return { ...model, predict: (tokens, ...rest) => model.predict(tokenSource(tokens, saved.encoder), ...rest) };
    }
    case 'foreign':
      return openForeign(found, options);
    case 'portable':
      return openPortable(required(found.file, 'an ONNX file'), found.task.published, options);
  }
}

/** A model of a run, by the program that computes as much of it as the input leaves to do. */
export async function openTrained(
  folder: string,
  { task, source }: SavedModel,
  program: ForwardProgram,
  options: OpeningOptions & { readonly isKept?: boolean },
): Promise<OpenedModel<BatchSource>> {
  const model = await openForward({ ...options, program, source });
  return {
    predict: async (rows, ...rest) =>
      task.predict(await logitsOf(folder, (feeds) => model.forward(feeds), rows, task.outputs, ...rest)),
    release: () => model.release(),
  };
}

async function openForeign({ folder, encoder, task }: FoundModel, options: OpeningOptions): Promise<OpenedModel> {
  const { outputs, predict } = task.published;
  const whole: PublishedClassifier = { encoder, head: { dense: [], dropout: 0, activation: 'none' }, outputs, asPair: false };
  const source = savedClassifier(whole).read(openWeights(folder));
  const model = await openForward({ ...options, program: classifierForward(whole), source, isKept: true });
  return {
    predict: async (tokens, ...rest) =>
      predict(await logitsOf(folder, (feeds) => model.forward(feeds), tokenSource(tokens, encoder), outputs, ...rest)),
    release: () => model.release(),
  };
}

/** The model in an ONNX file, as any program would run it. */
export async function openPortable(
  file: string,
  { outputs, predict }: Task['published'],
  { device, threads }: OpeningOptions,
): Promise<OpenedModel> {
  if (device !== 'cpu')
    throw new OrtrainError('usage', `${file} is computed on the cpu only, and ${device} was asked for`, {
      subject: device,
      remedy: 'Leave the device out, or open the run that the file was exported from.',
    });
  const session = await openModelFile(file, threads);
  const forward = async (feeds: Feeds): Promise<Float32Array> => {
    const tensors = Object.entries(feeds).map(([name, tensor]) => [name, session.tensor(tensor)] as const);
    const { logits = new Float32Array(0) } = await session.run(Object.fromEntries(tensors));
    return logits;
  };
  return {
    async predict(tokens, ...rest) {
      const source = {
        lengths: tokenLengths(tokens),
        feeds: (batch: Int32Array, width: number) => portableFeeds(tokensOf(tokens, batch), width, tokens.padId),
      };
      return predict(await logitsOf(file, forward, source, outputs, ...rest));
    },
    release: () => session.release(),
  };
}

/** Of every row, row-major [rows, outputs]. Throws a `run` error where one is not a number. */
async function logitsOf(
  model: string,
  forward: (feeds: Feeds) => Promise<Float32Array>,
  source: BatchSource,
  outputs: number,
  batchSize: number,
  onProgress: (done: number) => void,
  batches?: Batching,
): Promise<Float32Array> {
  const rows = Int32Array.from(source.lengths, (_, row) => row);
  const logits = await forwardAll(forward, source, rows, outputs, batchSize, onProgress, batches);
  if (logits.every(Number.isFinite)) return logits;
  throw new OrtrainError('run', `the model in ${model} computed a value that is not a number`, {
    subject: model,
    remedy: 'Its weights were damaged, or training went astray; train it again.',
  });
}
