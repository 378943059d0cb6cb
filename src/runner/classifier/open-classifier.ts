import { OrtrainError } from '../../core/errors.ts';
import type { Listener } from '../../core/events.ts';
import { valueAt } from '../../core/values.ts';
import type { DownloadProgress } from '../../data/hub/index.ts';
import type { Text } from '../../data/texts/index.ts';
import type { Device } from '../../engine/runtime/index.ts';
import { findModel } from '../../training/index.ts';
import { taskName, type Prediction, type TaskName } from '../../tasks/index.ts';
import { choiceInWords, chooseDevice, deviceFailure, type AskedDevice, type PassedOver } from '../machine/devices.ts';
import { describe, digestOfModels, verifiedModels, type ClassifierDescription, type DescribedModel } from './describe.ts';
import { findModels, type FoundModels } from './find-models.ts';
import { startModelProcess, type ModelProcess } from './model-process.ts';
import type { ClassifierOrder } from './protocol.ts';
import { replaceable, type ReplaceableProcess } from './replaceable.ts';
import { throwUnlessTexts } from './texts.ts';

export interface ClassifyOptions {
  /** Rejects with an OrtrainError `interrupted` as soon as it is aborted; the others that wait are not disturbed. */
  readonly signal?: AbortSignal;
}

/**
 * Models in memory, in a process of their own. While nothing is being classified it does not keep this process alive.
 *
 * Several calls of `classify` may wait at a time; they are answered in their order. A server that joins waiting texts to one call gets the
 * most out of a machine: texts of a call are sorted by their length in tokens and go through each model in batches of at most
 * `describe().batchSize` rows. Where a call is to be bounded, bound it by characters: a text never has more tokens than
 * `describe().maxLength`, and an English one has about a token for four characters.
 */
export interface Classifier<T extends TaskName = TaskName> extends AsyncDisposable {
  /** What the models predict. */
  readonly task: T;
  /**
   * What the models say about texts, or pairs of texts, in their order: the mean over the models. The same as `pipeline predict` gives, up
   * to rounding. Does not block the event loop.
   *
   * Throws OrtrainError `usage` for what is no text, or for a pair where the models take single ones and the reverse; `data` for a text
   * with a token that the model does not know; `interrupted` after `signal` and after `close`; `run` where the process breaks down: the
   * next call starts another.
   */
  classify(texts: readonly Text[], options?: ClassifyOptions): Promise<readonly Prediction<T>[]>;
  /** What it is: its models with their digests, its metrics, its limits. */
  describe(): ClassifierDescription<T>;
  /** Ends the process. What still waits is rejected with `interrupted`. */
  close(): Promise<void>;
}

/** A classifier of one task or another: `if (classifier.task === 'regression')` says which, and so does the option `task`. */
export type AnyClassifier = { readonly [T in TaskName]: Classifier<T> }[TaskName];

export interface OpenClassifierOptions<T extends TaskName = TaskName> {
  /** The task that is expected. Throws a `usage` error for models of another one; the types know what is predicted. */
  readonly task?: T;
  /** `auto`, the best that works, where it is left out. */
  readonly device?: AskedDevice;
  /** Of the CPU; where it is left out, those that the run was configured for, and all for other models. */
  readonly threads?: number;
  /**
   * Which models of a run are averaged: those of some folds, by number, and `all` for the model of all rows. Where it is left out, those
   * that the run's `prediction.models` says.
   */
  readonly folds?: readonly (number | 'all')[];
  /** The folder of the runs, `artifacts` where it is left out. */
  readonly artifacts?: string;
  /** Of a model on the hub: a branch, a tag or a commit. `main` where it is left out. */
  readonly revision?: string;
  /** Stops the opening. */
  readonly signal?: AbortSignal;
  /** Hears how a model is downloaded. */
  readonly onDownload?: Listener<DownloadProgress>;
  /** Hears which GPU computes, why another device does not, and which process was lost and replaced. */
  readonly onNotice?: Listener<string>;
}

/**
 * Opens the models of a run to classify texts with them.
 *
 * @param model the name of a run or its folder; the folder of one of its models; an exported or any other directory with a classifier in
 * Hugging Face's layout; an ONNX file in one; or the name of a model on the hub
 *
 * Throws OrtrainError `usage` where there is nothing of that name, `data` where a file is damaged, was changed after the run, or does not
 * describe a classifier, `environment` where the device does not work or the hub cannot be reached, `interrupted` after `signal`.
 */
export async function openClassifier<T extends TaskName>(
  model: string,
  options: OpenClassifierOptions<T> & { readonly task: T },
): Promise<Classifier<T>>;
export async function openClassifier(model: string, options?: OpenClassifierOptions): Promise<AnyClassifier>;
export async function openClassifier(model: string, options: OpenClassifierOptions = {}): Promise<Classifier> {
  const { artifacts = 'artifacts', folds, revision, signal, onDownload = () => {}, onNotice = () => {} } = options;
  const found = await findModels(model, {
    artifacts,
    onDownload,
    ...(folds === undefined ? {} : { folds }),
    ...(revision === undefined ? {} : { revision }),
    ...(signal === undefined ? {} : { signal }),
  });
  const first = findModel(valueAt(found.models, 0).path);
  const task = taskName(first.task.description);
  if (options.task !== undefined && options.task !== task)
    throw new OrtrainError('usage', `${found.name} has the task ${task}, and ${options.task} was expected`, {
      subject: 'task',
      remedy: 'Leave task out, or open a model of that task.',
    });
  const order = {
    models: found.models.map(({ path }) => path),
    threads: options.threads ?? found.threads,
    batchSize: found.batchSize,
    truncation: found.truncation,
    name: found.name,
  };
  const { process, device, models } = await started(order, found, { asked: options.device ?? 'auto', signal, onNotice });
  const description = describe(found, first, { ...order, device, task, models });
  const held = replaceable(process, {
    start: () => startModelProcess({ ...order, device }),
    async verify() {
      if (digestOfModels(await verifiedModels(found, undefined)) !== description.sha256) throw another(found.name);
    },
    onNotice,
  });
  return classifierOf({ process: held, found, description, objects: first.task.objects });
}

interface Held {
  readonly process: ReplaceableProcess;
  readonly found: FoundModels;
  readonly description: ClassifierDescription;
  readonly objects: ReturnType<typeof findModel>['task']['objects'];
}

function classifierOf({ process, found, description, objects }: Held): Classifier {
  let isClosed = false;
  const close = async (): Promise<void> => {
    isClosed = true;
    await process.end(closed());
  };
  return {
    task: description.task,
    async classify(texts, { signal } = {}) {
      if (isClosed) throw closed();
      throwUnlessTexts(texts, found);
      const objectOf = objects(await process.classify(texts, signal));
      return texts.map((_, row) => objectOf(row));
    },
    describe: () => description,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const closed = (): OrtrainError => new OrtrainError('interrupted', 'the classifier was closed');

const another = (name: string): OrtrainError =>
  new OrtrainError('run', `${name} holds other models than when it was opened`, { subject: name, remedy: 'Open it again.' });

interface Starting {
  readonly asked: AskedDevice;
  readonly signal: AbortSignal | undefined;
  readonly onNotice: Listener<string>;
}

/** A process that has the models, on the device that is asked for; one that fails with them is left for the next where that is `auto`. */
async function started(
  order: Omit<ClassifierOrder, 'device'>,
  found: FoundModels,
  { asked, signal, onNotice }: Starting,
): Promise<{ readonly process: ModelProcess; readonly device: Device; readonly models: readonly DescribedModel[] }> {
  for (let failed: PassedOver = {}; ; ) {
    const isPortable = order.models.some((path) => findModel(path).kind === 'portable');
    const choice = await chooseDevice(asked === 'auto' && isPortable ? 'cpu' : asked, failed);
    const { device } = choice;
    if (device !== 'cpu') onNotice(choiceInWords(choice));
    const process = startModelProcess({ ...order, device });
    const stop = (): void => void process.end(new OrtrainError('interrupted', 'stopped before the models were opened'));
    signal?.addEventListener('abort', stop);
    try {
      if (signal?.aborted === true) stop();
      // Files are read here while the other process makes the models ready.
      const [models] = await Promise.all([verifiedModels(found, signal), process.ready]);
      return { process, device, models };
    } catch (error) {
      await process.end(new OrtrainError('interrupted', 'the models could not be opened'));
      const failure = asked === 'auto' ? deviceFailure(error, device) : undefined;
      if (failure === undefined) throw error;
      onNotice(`${failure}; continues without ${device}`);
      failed = { ...failed, [device]: failure };
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }
}
