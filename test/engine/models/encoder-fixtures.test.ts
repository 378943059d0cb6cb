import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  byteSource,
  classifierForward,
  encodeSafetensors,
  givenParameters,
  hiddenForward,
  openSafetensors,
  parseEncoderConfig,
  savedClassifier,
} from '../../../src/engine/models/index.ts';
import { encoders } from '../../../src/engine/models/encoders/index.ts';
import { adamw } from '../../../src/engine/optim/index.ts';
import type { Feeds, ForwardProgram } from '../../../src/engine/program.ts';
import { openForward, openTrainer } from '../../../src/engine/runtime/index.ts';
import { classifierStep } from '../../helpers/class-steps.ts';
import { decayed } from '../../helpers/parameter-groups.ts';
import { distance, losses, sgdGradients, tinyFeeds, type TinyBatch } from './oracle-run.ts';

/** What Transformers computes of a tiny model, in float64; fixtures/encoders/README.md tells how it was made. */
interface Fixture {
  readonly config: { readonly model_type: string; readonly num_labels?: number };
  readonly batches: readonly TinyBatch[];
  /** Of each batch, [B, 3]. */
  readonly logits: readonly (readonly number[])[];
  /** Of the first batch and each hidden state, [B, hidden]. */
  readonly first_tokens: readonly (readonly number[])[];
  /** Of the first batch: length, and product with `numbers` of the gradient's name. */
  readonly gradients: Readonly<Record<string, readonly [number, number]>>;
  readonly losses: readonly number[];
}

const folder = fileURLToPath(new URL('../../fixtures/encoders', import.meta.url));
const read = (name: string): Fixture => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Fixture;
const all = readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []));
const names = all.filter((name) => Object.hasOwn(encoders, read(name).config.model_type));

/** Float32 has 2⁻²⁴ = 6e-8 of numbers up to 4, a hundred operations deep. */
const FORWARD = 1e-5;
const LOSS = 1e-4;
const CLASSES = 3;

test('there is a fixture of every encoder', () => {
  expect(new Set(names.map((name) => read(name).config.model_type))).toEqual(new Set(Object.keys(encoders)));
});

describe.each(names)('the tiny encoder %s computes what Transformers computes', (name) => {
  const fixture = read(name);
  const encoder = parseEncoderConfig(JSON.stringify(fixture.config), 'config.json');
  const options = { encoder, head: { dense: [], dropout: 0, activation: 'none' }, outputs: CLASSES } as const;
  const batches = fixture.batches.map((batch) => tinyFeeds(encoder, batch, CLASSES));
  const saved = savedClassifier({ ...options, asPair: false });
  // The head of DistilBERT's class has two layers, which train in another way than the one that they stand for.
  const source = fixture.config.model_type === 'distilbert' ? fromNames : saved.read(asFile(saved.tensors(fromNames)));

  const first = async (program: ForwardProgram, feeds: Feeds): Promise<Float32Array> => {
    const model = await openForward({ program, source, threads: 1 });
    const output = await model.forward(feeds);
    await model.release();
    return output;
  };

  test('logits, and hidden states of first tokens', async () => {
    for (const [i, feeds] of batches.entries())
      expect(distance(await first(classifierForward(options), feeds), fixture.logits[i]!), `batch ${i}`).toBeLessThan(FORWARD);
    const rowWidth = fixture.batches[0]!.input_ids[0]!.length * encoder.hiddenSize;
    expect(fixture.first_tokens).toHaveLength(encoder.layers + 1);
    for (const [state, expected] of fixture.first_tokens.entries()) {
      const all = await first(hiddenForward(encoder, state), batches[0]!);
      expect(distance(all.filter((_, i) => i % rowWidth < encoder.hiddenSize), expected), `state ${state}`).toBeLessThan(FORWARD);
    }
  });

  test('gradients of every parameter', async () => {
    const found = await sgdGradients(classifierStep(options), source, batches[0]!);
    const gradients: readonly (readonly [string, Float32Array])[] =
      source === fromNames
        ? Object.entries(found)
        : saved.tensors(givenParameters(new Map(Object.entries(found)))).map(({ name, data }) => [name, data]);
    expect(gradients.map(([parameter]) => parameter).sort()).toEqual(Object.keys(fixture.gradients).sort());
    for (const [parameter, gradient] of gradients) {
      const along = numbers(`grad.${parameter}`, gradient.length);
      const sums = [Math.hypot(...gradient), gradient.reduce((sum, x, i) => sum + x * along[i]!, 0)];
      expect(distance(sums, fixture.gradients[parameter]!), parameter).toBeLessThan(FORWARD);
    }
  });

  test('eight steps of AdamW', async () => {
    const trainer = await openTrainer({
      step: classifierStep(options),
      forward: classifierForward(options),
      source,
      threads: 1,
      optimizer: { rule: adamw({ betas: [0.9, 0.999], eps: 1e-8 }), group: decayed(0.01) },
      clipNorm: null,
      seed: 1,
    });
    const order = fixture.losses.map((_, step) => step % 2);
    expect(distance(await losses(trainer, batches, order, 0.003), fixture.losses)).toBeLessThan(LOSS);
    await trainer.release();
  });
});

/** Every weight by its name: normalizations near 1, all others around 0. */
function fromNames({ name, shape }: { readonly name: string; readonly shape: readonly number[] }, into?: Float32Array): Float32Array {
  const isNorm = /norm/i.test(name) && name.endsWith('weight');
  const values = into ?? new Float32Array(shape.reduce((product, axis) => product * axis, 1));
  numbers(name, values.length).forEach((x, i) => (values[i] = isNorm ? 1 + 0.2 * x : 0.4 * x));
  return values;
}

/** The same as `numbers` in make.py: between -1 and 1, without any order. */
function numbers(name: string, count: number): readonly number[] {
  const start = [...name].reduce((sum, letter, i) => sum + (i + 1) * letter.charCodeAt(0), 0) % 1000;
  return Array.from({ length: count }, (_, i) => {
    const mixed = Math.sin(12.9898 * (i + 1) + start) * 43758.5453;
    return 2 * (mixed - Math.floor(mixed)) - 1;
  });
}

/** A file with tensors of these names and shapes, as `fromNames` fills them. */
function asFile(tensors: ReturnType<ReturnType<typeof savedClassifier>['tensors']>) {
  const filled = tensors.map(({ name, shape }) => ({ name, shape, data: fromNames({ name, shape }) }));
  return openSafetensors(byteSource('model.safetensors', Buffer.concat(encodeSafetensors(filled))));
}
