import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interrupted } from '../core/errors.ts';
import { writeJsonAtomic } from '../core/files.ts';
import type { Listener, StageEvent } from '../core/events.ts';
import { columnOf, readTable } from '../data/table.ts';
import { saveTokens, type TokenSet } from '../data/tokens.ts';
import type { Device } from '../engine/runtime/index.ts';
import type { ExampleIndex } from '../stages/outputs.ts';
import { probabilityColumns } from '../stages/prediction-table.ts';
import { deviceVariables } from './devices.ts';
import { startStageProcess } from './worker.ts';

export interface PredictionOrder {
  /** The folds' model directories. */
  readonly models: readonly string[];
  readonly tokens: TokenSet;
  readonly classes: readonly string[];
  readonly threads: number;
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The mean of the models' probabilities, found on a GPU by the stage that predicts, in a process that is there for this alone:
 * a driver that breaks down does not end the command, and CUDA's libraries are found when a process starts or not at all.
 *
 * @returns of class 1 for two classes, otherwise row-major [texts, classes]
 */
export async function probabilitiesInProcess({ models, tokens, classes, threads, batchSize, signal }: PredictionOrder, device: Device, listen: Listener<StageEvent>): Promise<Float64Array> {
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
    writeJsonAtomic(join(folder, 'tokens', 'examples.json'), { classes, train: { ids: [], labels: [] }, test: { ids } } satisfies ExampleIndex);

    if (signal?.aborted === true) throw interrupted();
    const partial = { folder: join(folder, 'partial'), everySeconds: Infinity };
    const order = { task: 'predict', stage: 'predict', params: null, files: {}, inputs, output, partial, fold: 0, device, threads, logEvery: 1, evalBatchSize: batchSize };
    await worker.perform(order, listen);
    const table = await readTable(join(output, 'predictions.csv'));
    const columns = probabilityColumns(classes).map((name) => columnOf(table, name) ?? []);
    return Float64Array.from(ids.flatMap((_, row) => columns.map((values) => Number(values[row]))));
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
