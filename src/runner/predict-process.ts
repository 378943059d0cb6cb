import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interrupted } from '../core/errors.ts';
import type { Listener, StageEvent } from '../core/events.ts';
import { readTable } from '../data/table.ts';
import { saveTokens, type TokenSet } from '../data/tokens.ts';
import type { Device } from '../engine/runtime/index.ts';
import { writeExampleIndex } from '../stages/outputs.ts';
import { readPredictions, type Predictions, type Task } from '../tasks/index.ts';
import { deviceVariables } from './devices.ts';
import { startStageProcess } from './worker.ts';

export interface PredictionOrder {
  /** The folds' model directories. */
  readonly models: readonly string[];
  readonly tokens: TokenSet;
  readonly task: Task;
  readonly threads: number;
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The mean of the models' predictions, found on a GPU by the stage that predicts, in a process that is there for this alone:
 * a driver that breaks down does not end the command, and CUDA's libraries are found when a process starts or not at all.
 */
export async function predictionsInProcess({ models, tokens, task, threads, batchSize, signal }: PredictionOrder, device: Device, listen: Listener<StageEvent>): Promise<Predictions> {
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-predict-'));
  const worker = startStageProcess({ env: deviceVariables(device) });
  const stop = (): void => worker.stop();
  signal?.addEventListener('abort', stop);
  try {
    const inputs = { tokens: [join(folder, 'tokens')], model: models.map((_, i) => join(folder, `model-${i}`)) };
    const output = join(folder, 'output');
    for (const path of [...inputs.tokens, ...inputs.model, output]) mkdirSync(path);
    models.forEach((model, i) => symlinkSync(model, join(inputs.model[i] ?? '', 'model'), 'junction'));
    saveTokens(join(folder, 'tokens', 'test.tokens'), tokens);
    const ids = Array.from({ length: tokens.offsets.length - 1 }, (_, row) => String(row));
    writeExampleIndex(join(folder, 'tokens'), { task, train: { ids: [], targets: { width: 1, values: new Float64Array(0) } }, test: { ids } });

    if (signal?.aborted === true) throw interrupted();
    const partial = { folder: join(folder, 'partial'), everySeconds: Infinity };
    const order = { task: 'predict', stage: 'predict', params: null, files: {}, inputs, output, partial, fold: 0, device, threads, logEvery: 1, evalBatchSize: batchSize };
    await worker.perform(order, listen);
    return readPredictions(await readTable(join(output, 'predictions.csv')), task.columns, 1);
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
