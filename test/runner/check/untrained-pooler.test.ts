import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeFileAtomic } from '../../../src/core/files.ts';
import { openWeights } from '../../../src/data/hub/model-folder.ts';
import { encodeSafetensors, readFloats } from '../../../src/engine/models/index.ts';
import { inspectPooler } from '../../../src/runner/check/untrained-pooler.ts';
import { draftStarter } from '../../../src/runner/starter/index.ts';
import { root as checkout, smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';

describeShared('a pooler under a frozen encoder', ['oracles', 'tiny', 'bert'], () => {
  const source = (): string => sharedPath('oracles', 'tiny', 'bert')!;

  /** The tiny model with another pooler. */
  function modelWith(name: string, bias: (stored: Float32Array) => Float32Array | undefined): string {
    const folder = join(root, name);
    mkdirSync(folder);
    copyFileSync(join(source(), 'config.json'), join(folder, 'config.json'));
    const file = openWeights(source());
    const tensors = [...file.entries].flatMap(([tensor, { shape }]) => {
      const data = tensor === 'pooler.dense.bias' ? bias(readFloats(file, tensor)) : readFloats(file, tensor);
      return data === undefined ? [] : [{ name: tensor, shape, data }];
    });
    writeFileAtomic(join(folder, 'model.safetensors'), encodeSafetensors(tensors));
    return folder;
  }
  const root = temporaryFolder();
  const quickstart = join(checkout, 'configs/quickstart');
  const told = async (folder: string, ...set: readonly string[]): Promise<readonly string[]> => {
    const { experiment } = await smallQuickstart('model.weights=pretrained', `model.base=${folder}`, ...set);
    return inspectPooler(experiment, folder).map(({ message }) => message);
  };

  it('is told of where it was never trained or is not there', async () => {
    const [trained, zero, none] = [
      modelWith('trained', (stored) => stored),
      modelWith('zero', (stored) => stored.fill(0)),
      modelWith('none', () => undefined),
    ];
    expect(await told(trained, 'model.freeze_encoder=true')).toEqual([]);
    expect(await told(zero, 'model.freeze_encoder=true')).toEqual([expect.stringContaining('was never trained (its bias is zero)')]);
    expect(await told(none, 'model.freeze_encoder=true')).toEqual([
      expect.stringContaining('has no pooler, so the head learns from one at random'),
    ]);
    for (const pooling of ['mean', 'cls', 'last4'])
      expect(await told(zero, 'model.freeze_encoder=true', `model.pooling=${pooling}`)).toEqual([]);
    const drafted = async (base: string): Promise<string> => (await draftStarter(join(quickstart, 'train.csv'), { base })).pooling;
    expect([await drafted(trained), await drafted(zero), await drafted(none), await drafted('someone/model')]).toEqual([
      'default',
      'mean',
      'mean',
      'default',
    ]);
    // Where the encoder is trained, the pooler is too.
    expect(await told(trained)).toEqual([]);
    expect(await told(zero)).toEqual([expect.stringContaining('it is trained with the rest, from weights that say little')]);
    expect(await told(none)).toEqual([expect.stringContaining('it is trained with the rest, from random weights')]);
  });
});
