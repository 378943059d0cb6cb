import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import { hiddenForward } from '../../../src/engine/models/classifier.ts';
import { encoderOf } from '../../../src/engine/models/encoders/index.ts';
import {
  batchFeeds,
  classifierForward,
  encoderForward,
  pretrainedParameters,
  publishedParameters,
  type EncoderConfig,
  type ParameterSource,
} from '../../../src/engine/models/index.ts';
import { encoderNames } from '../../../src/engine/models/weights/tensor-names.ts';
import type { ForwardProgram } from '../../../src/engine/program.ts';
import { openForward } from '../../../src/engine/runtime/index.ts';
import { distance } from '../../engine/models/oracle-run.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';

type Matrix = readonly (readonly number[])[];

interface Form {
  readonly name: string;
  readonly file: string;
  readonly unexpected?: readonly string[];
  readonly missing?: readonly string[];
  /** Of the last layer: [B, hidden]. */
  readonly first_token: Matrix;
  readonly pooled: Matrix | null;
  /** By the file's own head. */
  readonly logits?: Matrix;
  readonly refuse?: boolean;
}

interface Forms {
  readonly batch: { readonly input_ids: readonly (readonly number[])[]; readonly attention_mask: readonly (readonly number[])[] };
  readonly cases: readonly Form[];
}

// The oracles' README: 1e-5 against what PyTorch computes with the same weights.
describeShared('one encoder in many forms', ['oracles2', 'checkpoints'], () => {
  const { batch, cases } = sharedJson<Forms>('oracles2', 'checkpoints', 'checkpoints.json');
  const folder = (name: string): string => sharedPath('oracles2', 'checkpoints', name) as string;
  const ids = batch.input_ids.map((row, b) => row.filter((_, i) => batch.attention_mask[b]?.[i] === 1));

  const width = Math.max(...ids.map(({ length }) => length));
  const forward = async (program: ForwardProgram, source: ParameterSource, encoder: EncoderConfig): Promise<Float32Array> => {
    const model = await openForward({ program, source, threads: 1 });
    const found = await model.forward(batchFeeds(encoder, ids, width));
    await model.release();
    return found;
  };

  test.each(cases.filter(({ refuse }) => refuse !== true))('$name gives the same encoder', async (form) => {
    const encoder = readEncoderConfig(folder(form.name));
    const file = openWeights(folder(form.name));
    const program = encoderForward(encoder);
    const { source, notices, remarks } = pretrainedParameters(file, encoder, program.parameters, 1);
    expect(notices).toEqual(
      form.missing?.length === 0 ? [] : [`${file.name} has no bert.pooler.dense.{weight,bias}; it starts from random weights`],
    );
    expect(encoderNames(file, encoderOf(encoder).names, program.parameters.map(({ name }) => name)).others.toSorted()).toEqual(form.unexpected);
    expect(remarks).toHaveLength(Number(form.unexpected?.length !== 0));

    const hidden = await forward(hiddenForward(encoder, encoder.layers), source, encoder);
    const first = ids.flatMap((_, b) => [...hidden.subarray(b * width * encoder.hiddenSize, (b * width + 1) * encoder.hiddenSize)]);
    expect(distance(first, form.first_token.flat())).toBeLessThan(1e-5);
    if (form.pooled !== null) expect(distance(await forward(program, source, encoder), form.pooled.flat())).toBeLessThan(1e-5);
    if (form.logits === undefined) return;
    const own = { encoder, head: { dense: [], dropout: 0, activation: 'none' }, outputs: form.logits[0]!.length } as const;
    const published = publishedParameters(file, own).source;
    expect(distance(await forward(classifierForward(own), published, encoder), form.logits.flat())).toBeLessThan(1e-5);
  });

  test('another number of classes than the file has is refused', () => {
    const name = 'sequence-classification-bin';
    const own = { encoder: readEncoderConfig(folder(name)), head: { dense: [], dropout: 0, activation: 'none' }, outputs: 2 } as const;
    expect(() => publishedParameters(openWeights(folder(name)), own)).toThrow('does not fit the model that its config.json describes');
  });

  const REASONS: Readonly<Record<string, string>> = {
    'evil-system': 'it asks for posix.system (os.system)',
    'evil-system-protocol4': 'it asks for posix.system (os.system)',
    'evil-system-legacy': 'it asks for posix.system (os.system)',
    'evil-metadata': 'it asks for posix.system (os.system)',
    'foreign-global': 'it asks for fractions.Fraction',
    'evil-eval': 'it asks for builtins.eval',
    'broken-truncated': 'the directory at its end is missing; the file is cut off',
    'broken-safetensors': 'its header claims',
  };
  test.each(cases.filter(({ refuse }) => refuse === true))('$name is refused by name', ({ name, file }) => {
    let refused: unknown;
    try {
      openWeights(folder(name));
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(OrtrainError);
    expect((refused as OrtrainError).message).toMatch(new RegExp(`${file.replace('.', '\\.')} cannot be read: `));
    expect((refused as OrtrainError).message).toContain(REASONS[name] ?? 'a reason');
    expect(existsSync('PWNED')).toBe(false);
  });
});
