import { describe, expect, it } from 'vitest';
import { deviceVariables } from '../../../src/runner/machine/devices.ts';
import { explainExperiment } from '../../../src/runner/index.ts';
import { choosePrecision } from '../../../src/runner/machine/precision.ts';
import { assumeDevice } from '../../../src/runner/machine/devices.ts';
import { prepareRun } from '../../../src/runner/prepare.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';

const of = (capability: number | null, env = {}) => ({ env, capability: () => Promise.resolve(capability) });

describe('the precision of matrix products', () => {
  it.each([
    ['float32', 'cpu', 'float32'],
    ['float32', 'cuda', 'float32'],
    ['tf32', 'cuda', 'tf32'],
    ['tf32', 'cpu', 'float32'],
    ['tf32', 'webgpu', 'float32'],
    ['bfloat16', 'cpu', 'bfloat16'],
    ['bfloat16', 'cuda', 'bfloat16'],
    ['float16', 'webgpu', 'float16'],
    ['auto', 'cpu', 'float32'],
    ['auto', 'webgpu', 'float32'],
    ['auto', 'cuda', 'bfloat16'],
  ] as const)('%s on %s is %s', async (asked, device, precision) => {
    expect(await choosePrecision(asked, device, of(9))).toMatchObject({ precision, asked });
  });

  it('auto asks which generation the GPU is of', async () => {
    const on = async (capability: number | null) => choosePrecision('auto', 'cuda', of(capability));
    expect(await on(8)).toMatchObject({ precision: 'bfloat16', why: expect.stringContaining('compute capability is 8') });
    expect(await on(7.5)).toMatchObject({ precision: 'float32', why: expect.stringContaining('capability 7.5 has no bfloat16') });
    expect(await on(null)).toMatchObject({ precision: 'float32', why: expect.stringContaining('nvidia-smi') });
  });

  it('says where it is another than was asked for, or slower than the usual one, and nothing where it is the usual one', async () => {
    expect((await choosePrecision('tf32', 'cpu', of(null))).why).toMatch(/in float32: TF32 is a mode of NVIDIA's GPUs/);
    expect((await choosePrecision('bfloat16', 'cpu', of(null))).why).toMatch(/float32 is faster/);
    expect((await choosePrecision('float32', 'cuda', of(9))).why).toBeNull();
  });

  it.each([
    ['webgpu', 9, 'WebGPU has no bfloat16'],
    ['cuda', 7.5, 'a GPU of compute capability 7.5 has no bfloat16'],
  ] as const)('on %s of %d refuses what it does not have', async (device, capability, message) => {
    await expect(choosePrecision('bfloat16', device, of(capability))).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringContaining(message),
    });
  });

  it('of CUDA is TF32 for a process that is asked for it alone', async () => {
    const variable = (...of: Parameters<typeof deviceVariables>) => deviceVariables(...of)['NVIDIA_TF32_OVERRIDE'];
    const found = [
      variable('cuda'),
      variable('cuda', 'float32'),
      variable('cuda', 'bfloat16'),
      variable('cuda', 'tf32'),
      variable('cpu', 'tf32'),
    ];
    expect(found).toEqual(['0', '0', '0', '1', undefined]);
    expect((await choosePrecision('float32', 'cuda', of(9, { NVIDIA_TF32_OVERRIDE: '1' }))).precision).toBe('tf32');
  });

  it('is in the key of what it changes, under the name of what was used', async () => {
    const artifacts = temporaryFolder();
    const keys = async (device: 'cpu' | 'cuda', ...set: readonly string[]) =>
      (await prepareRun(await smallQuickstart(...set), { artifacts, device, choose: assumeDevice })).entries;
    const plain = await keys('cpu');
    for (const precision of ['tf32', 'auto']) expect(await keys('cpu', `training.precision=${precision}`)).toEqual(plain);
    const rounded = await keys('cpu', 'training.precision=bfloat16');
    const changed = Object.keys(plain).filter((id) => plain[id] !== rounded[id]);
    expect(changed.every((id) => /^(train\[\d\]|evaluate|predict|submit)$/.test(id))).toBe(true);
    expect(changed).toEqual(expect.arrayContaining(['train[0]', 'evaluate']));
    const [exact, tf32] = [
      await keys('cuda', 'model.freeze_encoder=true'),
      await keys('cuda', 'model.freeze_encoder=true', 'training.precision=tf32'),
    ];
    expect(tf32['encode']).not.toBe(exact['encode']);
  });

  it('is explained: which nodes are in which type', async () => {
    const options = { artifacts: temporaryFolder(), device: 'auto' } as const;
    const { precision, lowered } = await explainExperiment(
      await smallQuickstart('training.precision=bfloat16', 'resources.device=cpu'),
      options,
    );
    expect(precision).toMatchObject({ products: 'bfloat16', why: expect.stringContaining('bfloat16') });
    expect(precision.nodes.map(({ dtype }) => dtype)).toEqual([
      'bfloat16',
      'bfloat16',
      'bfloat16',
      'bfloat16',
      'float32',
      'float32',
      'float32',
    ]);
    const products = lowered.reduce((sum, { nodes }) => sum + nodes, 0);
    const computed = precision.nodes.filter(({ what }) => ['matrix products', 'element by element'].includes(what));
    expect(computed.reduce((sum, { nodes }) => sum + nodes, 0)).toBe(products);
    expect(products).toBeGreaterThan(20);
    const plain = await explainExperiment(await smallQuickstart('resources.device=cpu'), options);
    expect(plain.precision).toEqual({ products: 'float32', why: null, nodes: [] });
  });
});
