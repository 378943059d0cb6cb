import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import { batchFeeds, encoderForward, pretrainedParameters } from '../../../src/engine/models/index.ts';
import { openForward } from '../../../src/engine/runtime/index.ts';
import { distance } from '../../engine/models/oracle-run.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';

interface Form {
  readonly name: string;
  readonly file: string;
  readonly pooled: readonly (readonly number[])[] | null;
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

  test.each(cases.filter(({ refuse }) => refuse !== true))('$name gives the same encoder', async ({ name, pooled }) => {
    const encoder = readEncoderConfig(folder(name));
    const program = encoderForward(encoder);
    const { source, notices } = pretrainedParameters(openWeights(folder(name)), encoder, program.parameters, 1);
    expect(notices).toEqual(
      pooled === null
        ? [expect.stringContaining('has no bert.pooler.dense.weight, bert.pooler.dense.bias; it starts at random') as string]
        : [],
    );
    const model = await openForward({ program, source, threads: 1 });
    const found = await model.forward(batchFeeds(encoder, ids, Math.max(...ids.map(({ length }) => length))));
    await model.release();
    if (pooled !== null) expect(distance(found, pooled.flat())).toBeLessThan(1e-5);
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
