import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { classifierForward } from '../../src/engine/models/index.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/index.ts';
import type { Text } from '../../src/data/texts/index.ts';
import { describe, verifiedModels } from '../../src/runner/classifier/describe.ts';
import { holdModels } from '../../src/runner/classifier/held-models.ts';
import { openLane, type LaneClassifier } from '../../src/serving/lanes/classifier-lane.ts';
import { servedModel } from '../../src/serving/open-model.ts';
import { openServer, type OpenModel, type Server, type ServerOptions } from '../../src/serving/index.ts';
import { openTask, taskName, type TaskDescription } from '../../src/tasks/index.ts';
import { findModel } from '../../src/training/index.ts';
import { encoderFiles, initialWeights, lastLayerOf, writeModelFolder } from '../../src/training/folders/classifier-folder.ts';
import { root } from '../helpers/quickstart.ts';

/** Writes a classifier with the quickstart's small encoder at random; models of different seeds say different things. */
export function writeTinyModel(folder: string, seed: number, description: TaskDescription = { classes: ['no', 'yes'] }): string {
  const base = join(root, 'configs/quickstart/model');
  const starting = { weights: 'random', resize_embeddings: false } as const;
  const files = { ...encoderFiles(base, starting), ...tokenizerFiles(base) };
  const task = openTask(description);
  const head = { dense: [], dropout: 0, activation: 'none' } as const;
  const weights = initialWeights(files, starting, seed);
  const { parameters } = classifierForward({ encoder: weights.config, head, ...lastLayerOf(task) });
  mkdirSync(folder, { recursive: true });
  const { source } = weights.source(parameters, seed);
  writeModelFolder(folder, { task, head, max_seq_length: 64, files, config: weights.config, source });
  return folder;
}

/** A classifier of a folder in this process; the server's own are in processes of theirs, which take seconds to start. */
export async function openHere(folder: string, pairs: boolean | null = false): Promise<LaneClassifier> {
  const found = findModel(folder);
  const name = 'tiny';
  const order = { models: [folder], device: 'cpu', threads: 1, batchSize: 64, truncation: 'longest_first', name } as const;
  const held = await holdModels(order);
  const source = { ...order, kind: 'folder', models: [{ name, path: folder }], pairs } as const;
  const models = await verifiedModels(source, undefined);
  const description = describe(source, found, { ...order, models, task: taskName(found.task.description) });
  return {
    async classify(texts: readonly Text[]) {
      const objectOf = found.task.objects(await held.classify(texts, () => false));
      return texts.map((_, row) => objectOf(row));
    },
    describe: () => description,
    close: async () => {},
  };
}

export interface TinyServerOptions extends Partial<ServerOptions> {
  readonly lanes?: number;
  readonly pairs?: boolean | null;
  readonly stuckAfterMs?: number;
  /** Milliseconds that each batch takes besides. */
  readonly delayMs?: number;
}

const OPTIONS: ServerOptions = {
  host: '127.0.0.1', port: 0, maxBatchTokens: 1024, maxBatchTexts: 256, maxWaitMs: 2, maxQueuedTexts: 512,
  maxTexts: 100, maxCharacters: 1000, maxBodyBytes: 2 ** 18, timeoutMs: 10_000, token: null, logTexts: false, log: { level: 'silent', write: () => {} },
};

/** A server of the model that is in a folder when it is opened, on any free port. */
export async function tinyServer(folder: string, given: TinyServerOptions = {}): Promise<Server> {
  const { lanes = 2, pairs = false, stuckAfterMs = 10_000, delayMs = 0, ...options } = given;
  const openOne = async (): Promise<LaneClassifier> => {
    const classifier = await openHere(folder, pairs);
    if (delayMs === 0) return classifier;
    return { ...classifier, classify: async (texts) => (await sleep(delayMs), classifier.classify(texts)) };
  };
  const open = async (): Promise<OpenModel> => {
    const opened = await Promise.all(Array.from({ length: lanes }, openOne));
    const onTrouble = (): void => {};
    return {
      model: servedModel(opened[0]!.describe(), lanes),
      lanes: await Promise.all(opened.map((each) => openLane(each, { open: openOne, stuckAfterMs, onTrouble }))),
    };
  };
  return openServer(open, { ...OPTIONS, ...options });
}

/** What a server may say. */
export interface Said {
  readonly model?: { readonly name: string; readonly digest: string };
  readonly predictions?: readonly { readonly prediction: unknown; readonly probabilities?: Readonly<Record<string, number>> }[];
  readonly code?: string;
  readonly detail?: string;
  readonly status?: number | string;
  readonly errors?: readonly { readonly pointer: string }[];
}

export interface Heard {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Said;
}

/** `POST /v1/classify`; a body that is no text and no bytes is sent as JSON. */
export async function classify({ address }: Pick<Server, 'address'>, body: unknown, init: RequestInit = {}): Promise<Heard> {
  const response = await fetch(`${address}/v1/classify`, {
    method: 'POST',
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Said };
}
