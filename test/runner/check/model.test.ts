import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readData, type DataContents } from '../../../src/runner/check/data.ts';
import { checkLocalModel, type ModelNotice } from '../../../src/runner/check/model.ts';
import { classifierForward, type NamedTensor } from '../../../src/engine/models/index.ts';
import { encoderFiles, initialWeights } from '../../../src/training/index.ts';
import { pretrainedFolder } from '../../helpers/pretrained.ts';
import { root, smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';
import { torchFileOf } from '../../helpers/torch-file.ts';

const scratch = temporaryFolder();
const tables = (train: string, test: string): readonly string[] => [
  `data.train=${train}`,
  `data.test=${test}`,
  'data.sample_submission=null',
];

/** Twelve rows; the texts of those that are listed have a word that was added to the tokenizer. */
function table(name: string, rows: readonly number[], header: string): string {
  const path = join(scratch, name);
  const line = (i: number): string =>
    `${i},${rows.includes(i) ? '[USER] and ' : ''}flood ${i}${header.includes('target') ? `,${i % 2}` : ''}`;
  writeFileSync(path, `${header}\n${Array.from({ length: 12 }, (_, i) => line(i)).join('\n')}\n`);
  return path;
}

async function check(model: string, set: readonly string[] = [], contents?: DataContents): Promise<readonly ModelNotice[]> {
  const { experiment } = await smallQuickstart('model.weights=pretrained', `model.base=${model}`, ...set);
  return checkLocalModel(experiment, contents ?? (await readData(experiment)));
}

let data: DataContents;
beforeAll(async () => {
  data = await readData((await smallQuickstart()).experiment);
});

describe('tokens that the model has no embedding for', () => {
  const clean = (): readonly string[] => tables(table('clean.csv', [], 'id,text,target'), table('clean-test.csv', [], 'id,text'));
  const model = (): string => pretrainedFolder(join(scratch, 'added'), { words: ['[USER]', '[URL]'] });

  it('are refused with their rows, in the training table and in that to predict', async () => {
    const set = tables(table('train.csv', [2, 3, 4, 5, 6, 7, 8], 'id,text,target'), table('test.csv', [11], 'id,text'));
    await expect(check(model(), set)).rejects.toMatchObject({
      code: 'data',
      remedy: expect.stringContaining('Set model.resize_embeddings: true') as string,
      problems: [
        ...[2, 3, 4, 5, 6].map((i) => ({
          file: join(scratch, 'train.csv'),
          line: i + 2,
          row: i + 1,
          message: 'the text has the token "[USER]" (id 1200)',
        })),
        { file: join(scratch, 'train.csv'), message: 'so have 2 more texts' },
        { file: join(scratch, 'test.csv'), line: 13, row: 12, message: 'the text has the token "[USER]" (id 1200)' },
      ],
    });
  });

  it('are worth a sentence where no text has one, and none where the embeddings are resized', async () => {
    const notices = await check(model(), clean());
    expect(notices).toEqual([
      {
        level: 'warning',
        message: expect.stringContaining(
          'has 2 tokens of 1202 beyond the model\'s vocabulary of 1200 ("[USER]", "[URL]"); no text here has one within',
        ) as string,
      },
    ]);
    expect(
      await check(model(), [...tables(join(scratch, 'train.csv'), join(scratch, 'test.csv')), 'model.resize_embeddings=true']),
    ).toEqual([]);
  });

  it('are not words of the vocabulary that were added once more: these keep the id that they have there', async () => {
    expect(await check(pretrainedFolder(join(scratch, 'twice'), { words: ['flood'] }), clean())).toEqual([]);
  });

  it('are also those that tokenizer_config.json alone has, under the ids that texts get', async () => {
    const folder = pretrainedFolder(join(scratch, 'listed'));
    const settings = join(folder, 'tokenizer_config.json');
    writeFileSync(
      settings,
      JSON.stringify({ ...(JSON.parse(readFileSync(settings, 'utf8')) as object), additional_special_tokens: ['[USER]'] }),
    );
    const set = tables(table('listed.csv', [2], 'id,text,target'), join(scratch, 'clean-test.csv'));
    await expect(check(folder, set)).rejects.toMatchObject({
      problems: [{ row: 3, message: 'the text has the token "[USER]" (id 1200)' }],
    });
    expect(await check(folder, [...set, 'model.resize_embeddings=true'])).toEqual([]);
  });

  it('do not count where they are cut off', async () => {
    const long = join(scratch, 'long.csv');
    writeFileSync(
      long,
      `id,text,target\n${Array.from({ length: 12 }, (_, i) => `${i},${'flood '.repeat(40)}[USER],${i % 2}`).join('\n')}\n`,
    );
    await expect(check(model(), tables(long, join(scratch, 'clean-test.csv')))).resolves.toHaveLength(1);
  });
});

describe('the files of a model', () => {
  it('may be links to files outside of its folder, which a notice names', async () => {
    const [store, folder] = [pretrainedFolder(join(scratch, 'store')), join(scratch, 'linked')];
    mkdirSync(folder);
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'])
      symlinkSync(join(store, name), join(folder, name));
    const [notice, ...more] = await check(folder, [], data);
    expect(more).toEqual([]);
    expect(notice?.level).toBe('info');
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'])
      expect(notice?.message).toContain(`${name} to ${join(store, name)}`);
    expect(await check(store, [], data)).toEqual([]);
  });

  it.each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path]), /model\.safetensors is a named pipe/],
    [
      'a link to a pipe',
      (path: string) => (execFileSync('mkfifo', [`${path}.pipe`]), symlinkSync(`${path}.pipe`, path)),
      /is a link to .*\.pipe, a named pipe/,
    ],
    ['a link to a device', (path: string) => symlinkSync('/dev/zero', path), /is a link to \/dev\/zero, a device/],
    ['a link to a folder', (path: string) => symlinkSync(scratch, path), /is a link to .*, a directory/],
    [
      'a link to nothing',
      (path: string) => symlinkSync('/nowhere/at/all', path),
      /is a link to \/nowhere\/at\/all, where there is no file/,
    ],
    ['a link to itself', (path: string) => symlinkSync(path, path), /model\.safetensors is a link to .*, where there is no file/],
  ])('are refused by name where one is %s', async (kind, make, message) => {
    const folder = pretrainedFolder(join(scratch, kind.replaceAll(' ', '-')));
    renameSync(join(folder, 'model.safetensors'), join(folder, 'gone'));
    make(join(folder, 'model.safetensors'));
    await expect(check(folder, [], data)).rejects.toMatchObject({
      code: 'data',
      problems: [{ message: expect.stringMatching(message) as string }],
    });
  });

  it('are refused where an optional one leads nowhere, which would change the tokens without a word', async () => {
    const folder = pretrainedFolder(join(scratch, 'optional'));
    symlinkSync('/nowhere/at/all', join(folder, 'special_tokens_map.json'));
    await expect(check(folder, [], data)).rejects.toMatchObject({
      problems: [{ message: 'special_tokens_map.json is a link to /nowhere/at/all, where there is no file' }],
    });
  });
});

describe('weights that PyTorch wrote', () => {
  /** The model with its weights as a pytorch_model.bin; `more` tensors stand beside the encoder's. */
  const asBin = (name: string, more: readonly NamedTensor[] = []): string => {
    const tensors: NamedTensor[] = [];
    const folder = pretrainedFolder(join(scratch, name), { change: (tensor) => (tensors.push(tensor), tensor) });
    renameSync(join(folder, 'model.safetensors'), join(scratch, `${name}.safetensors`));
    writeFileSync(join(folder, 'pytorch_model.bin'), torchFileOf([...tensors, ...more]));
    return folder;
  };
  const source = async (base: string): Promise<readonly Float32Array[]> => {
    const { experiment } = await smallQuickstart('model.weights=pretrained', `model.base=${base}`);
    const weights = initialWeights(encoderFiles(base, experiment.model), experiment.model, 1);
    const { parameters } = classifierForward({ encoder: weights.config, head: experiment.model.head, outputs: 1 });
    return parameters.map((spec) => weights.source(parameters, 7).source(spec));
  };

  it('are the same weights, and a notice says where they are from', async () => {
    const folder = asBin('bin');
    expect(await check(folder, [], data)).toEqual([
      { level: 'info', message: `the weights of ${folder} are read from pytorch_model.bin: no other form of them is there` },
    ]);
    const { experiment } = await smallQuickstart('model.weights=pretrained', `model.base=${folder}`);
    expect(Object.keys(encoderFiles(folder, experiment.model))).toEqual(['config.json', 'pytorch_model.bin']);
    expect(await source(folder)).toEqual(await source(pretrainedFolder(join(scratch, 'as-safetensors'))));
  });

  it('may have a head of another task, which a notice names', async () => {
    const one = { shape: [1], data: Float32Array.of(1) };
    const folder = asBin('head', [{ name: 'cls.seq_relationship.weight', ...one }, { name: 'cls.seq_relationship.bias', ...one }]);
    expect((await check(folder, [], data)).map(({ message }) => message)).toContain(
      `${join(folder, 'pytorch_model.bin')} also holds cls.seq_relationship.{weight,bias}, which the model does not use`,
    );
  });

  it('are refused where the file asks for more than tensors, whatever else is there', async () => {
    const folder = pretrainedFolder(join(scratch, 'evil'));
    const evil = readFileSync(join(root, 'test/fixtures/torch/refused/system.bin'));
    writeFileSync(join(folder, 'pytorch_model.bin'), evil);
    expect((await check(folder, [], data)).map(({ message }) => message)).toEqual([
      `the weights of ${folder} are read from model.safetensors: pytorch_model.bin is not read`,
    ]);
    renameSync(join(folder, 'model.safetensors'), join(scratch, 'evil.safetensors'));
    await expect(check(folder, [], data)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('pytorch_model.bin cannot be read: it asks for posix.system (os.system)') as string,
    });
    expect(existsSync('PWNED')).toBe(false);
  });
});

it('numbers of the weights that are none are named before anything is trained', async () => {
  const folder = pretrainedFolder(join(scratch, 'damaged'), {
    change: (tensor) =>
      tensor.name.endsWith('layer.1.output.dense.weight') ? { ...tensor, data: tensor.data.map((x, i) => (i === 7 ? NaN : x)) } : tensor,
  });
  await expect(check(folder, [], data)).rejects.toMatchObject({
    code: 'data',
    problems: [
      {
        file: join(folder, 'model.safetensors'),
        message: expect.stringMatching(/^bert\.encoder\.layer\.1\.output\.dense\.weight holds NaN: 1 of [\d,]+ numbers$/) as string,
      },
    ],
  });
  const experiment = (await smallQuickstart(`model.base=${folder}`)).experiment;
  await expect(checkLocalModel({ ...experiment, model: { ...experiment.model, weights: 'random' } }, data)).resolves.toEqual([]);
});

it('rates by layer are refused where all layers are frozen, and taken where one is left', async () => {
  const folder = pretrainedFolder(join(scratch, 'layer-rates'), {});
  const frozen = (layers: number): readonly string[] => [`model.freeze.layers=${layers}`, 'training.layer_decay=0.9'];
  await expect(check(folder, frozen(2), data)).rejects.toMatchObject({
    code: 'config',
    problems: [
      {
        field: 'training.layer_decay',
        message: 'training.layer_decay needs layers that are trained, but model.freeze.layers freezes all 2',
      },
    ],
    remedy: 'Set training.layer_decay to 1, or model.freeze.layers to less than 2.',
  });
  await expect(check(folder, frozen(1), data)).resolves.toEqual([]);
  await expect(check(folder, ['model.freeze.layers=2'], data)).resolves.toEqual([]);
});
