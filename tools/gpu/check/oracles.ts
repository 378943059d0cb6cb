import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import {
  batchFeeds,
  byteSource,
  classifierForward,
  openSafetensors,
  pretrainedParameters,
  readFloats,
  targetFeeds,
  trainingStep,
} from '../../../src/engine/models/index.ts';
import { adam } from '../../../src/engine/optim/index.ts';
import type { Device } from '../../../src/engine/runtime/index.ts';
import { largestDifference } from './equality.ts';
import { open } from './open.ts';
import { rounded, type Figures } from './report.ts';

interface Oracle {
  readonly optimizer: {
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly lr: number;
    readonly weight_decay: number;
  };
  readonly batch_of_step: readonly number[];
  readonly losses: readonly number[];
  readonly batches: readonly {
    readonly input_ids: readonly (readonly number[])[];
    readonly attention_mask: readonly (readonly number[])[];
    readonly token_type_ids?: readonly (readonly number[])[];
    readonly labels: readonly number[];
  }[];
}

/** Losses of PyTorch in float32 from the same weights; `../shared/oracles/tiny` of a checkout, where it was packed. */
export async function oracles(device: Device, folder: string, tolerance: number): Promise<Figures> {
  if (!existsSync(folder)) return { skipped: 'the reference numbers were not packed' };
  const apart: Record<string, number> = {};
  for (const architecture of ['bert', 'roberta', 'distilbert'])
    apart[architecture] = rounded(await lossesApart(device, folder, architecture));
  return { tolerance, ...apart, ok: Object.values(apart).every((x) => x <= tolerance) };
}

async function lossesApart(device: Device, folder: string, architecture: string): Promise<number> {
  const oracle = JSON.parse(readFileSync(join(folder, `${architecture}-dense1.json`), 'utf8')) as Oracle;
  const file = join(folder, `${architecture}-dense1.safetensors`);
  const head = openSafetensors(byteSource(file, readFileSync(file)));
  const encoder = readEncoderConfig(join(folder, architecture));
  const model = { encoder, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1 } as const;
  const step = trainingStep({ ...model, loss: 'bce' });
  const weights = pretrainedParameters(openWeights(join(folder, architecture)), encoder, step.parameters, 0).source;
  const { betas, eps, lr, weight_decay: weightDecay } = oracle.optimizer;
  const trainer = await open(device, {
    step,
    forward: classifierForward(model),
    source: (spec, into) =>
      spec.name.startsWith('classifier.') ? readFloats(head, spec.name.replace('classifier.', 'head.fc1.'), into) : weights(spec, into),
    threads: 1,
    optimizer: { rule: adam({ betas, eps }), group: () => ({ lrScale: 1, weightDecay }) },
    clipNorm: null,
    seed: 1,
  });
  const batches = oracle.batches.map(({ input_ids, attention_mask, token_type_ids, labels }) => {
    const cut = (rows: readonly (readonly number[])[]): readonly (readonly number[])[] =>
      rows.map((row, b) => row.slice(0, attention_mask[b]!.filter((kept) => kept === 1).length));
    return {
      feeds: {
        ...batchFeeds(encoder, cut(input_ids), input_ids[0]!.length, token_type_ids && cut(token_type_ids)),
        ...targetFeeds(Float32Array.from(labels), 1),
      },
      rates: { lr },
    };
  });
  const results = await trainer.steps(oracle.batch_of_step.map((i) => batches[i]!));
  await trainer.release();
  return largestDifference(results.map(({ loss }) => loss), oracle.losses);
}
