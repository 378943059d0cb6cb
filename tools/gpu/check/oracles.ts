import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import { byteSource, classifierForward, openSafetensors, pretrainedParameters, trainingStep } from '../../../src/engine/models/index.ts';
import type { Device } from '../../../src/engine/runtime/index.ts';
import { oracleAdam, oracleSource, tinyFeeds, type TinyOracle } from '../../../test/helpers/tiny-oracle.ts';
import { largestDifference } from './equality.ts';
import { open } from './open.ts';
import { rounded, type Figures } from './report.ts';

/** Losses of PyTorch in float32 from the same weights; `../shared/oracles/tiny` of a checkout, where it was packed. */
export async function oracles(device: Device, folder: string, tolerance: number): Promise<Figures> {
  if (!existsSync(folder)) return { skipped: 'the reference numbers were not packed' };
  const apart: Record<string, number> = {};
  for (const architecture of ['bert', 'roberta', 'distilbert'])
    apart[architecture] = rounded(await lossesApart(device, folder, architecture));
  return { tolerance, ...apart, ok: Object.values(apart).every((x) => x <= tolerance) };
}

async function lossesApart(device: Device, folder: string, architecture: string): Promise<number> {
  const oracle = JSON.parse(readFileSync(join(folder, `${architecture}-dense1.json`), 'utf8')) as TinyOracle;
  const file = join(folder, `${architecture}-dense1.safetensors`);
  const head = openSafetensors(byteSource(file, readFileSync(file)));
  const encoder = readEncoderConfig(join(folder, architecture));
  const model = { encoder, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1 } as const;
  const step = trainingStep({ ...model, loss: 'bce' });
  const weights = pretrainedParameters(openWeights(join(folder, architecture)), encoder, step.parameters, 0).source;
  const trainer = await open(device, {
    step,
    forward: classifierForward(model),
    source: oracleSource(head, 1, weights),
    threads: 1,
    optimizer: oracleAdam(oracle.optimizer),
    clipNorm: null,
    seed: 1,
  });
  const batches = oracle.batches.map((batch) => ({ feeds: tinyFeeds(encoder, batch, 1), rates: { lr: oracle.optimizer.lr } }));
  const results = await trainer.steps(oracle.batch_of_step.map((i) => batches[i]!));
  await trainer.release();
  return largestDifference(results.map(({ loss }) => loss), oracle.losses);
}
