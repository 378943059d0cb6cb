import { expect, test } from 'vitest';
import { openWeights, readEncoderConfig } from '../../../src/data/hub/model-folder.ts';
import { batchFeeds, classifierForward, pretrainedParameters, randomParameters } from '../../../src/engine/models/index.ts';
import { adam } from '../../../src/engine/optim/index.ts';
import type { Feeds } from '../../../src/engine/program.ts';
import type { TrainerOptions } from '../../../src/engine/runtime/index.ts';
import { classFeeds, classifierStep } from '../../helpers/class-steps.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { describeWebgpu } from '../../helpers/webgpu.ts';
import { tinyConfig } from '../models/tiny.ts';
import { both, trainerOn } from './webgpu-trainers.ts';
import { decayed } from '../../helpers/parameter-groups.ts';

/** Losses of two devices from the same weights, the same masks and the same batches. */
const LOSS = 1e-4;

await describeWebgpu('a trainer on WebGPU, at length', () => {
  test('takes no more memory after a hundred steps of a BERT than after ten', async () => {
    const encoder = tinyConfig({ hidden_size: 128, intermediate_size: 768, num_hidden_layers: 1 }); // 270,000 parameters, 1 MB
    const model = { encoder, head: { dense: [], dropout: 0.1, activation: 'none' }, outputs: 1 } as const;
    const optimizer = { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }) };
    const webgpu = await trainerOn('webgpu', { step: classifierStep(model), forward: classifierForward(model), source: randomParameters(5), optimizer, clipNorm: null, seed: 3 });
    const feeds = { ...batchFeeds(encoder, [[1, 2, 3, 4], [5, 6, 7]], 4), ...classFeeds([0, 1], 1) };
    for (let step = 0; step < 10; step += 1) await webgpu.step(feeds, { lr: 1e-3 });
    const before = process.memoryUsage().rss;
    for (let step = 0; step < 100; step += 1) await webgpu.step(feeds, { lr: 1e-3 });
    // One buffer of them kept at each step would be 100 MB: software Vulkan keeps buffers in the process's own memory.
    expect(process.memoryUsage().rss - before).toBeLessThan(32e6);
  });

  describeShared('MiniLM with dropout', ['models', 'all-MiniLM-L6-v2'], () => {
    test('have the CPU’s losses over ten steps of Adam', async () => {
      const folder = sharedPath('models', 'all-MiniLM-L6-v2') as string;
      const whole = readEncoderConfig(folder);
      const tweets = sharedJson<{ input_ids: readonly (readonly number[])[]; labels: readonly number[] }>('oracles', 'minilm', 'minilm.json');
      const texts = tweets.input_ids.slice(0, 20).map((ids) => ids.slice(0, 16));
      // Software Vulkan is spared the rows of the table of words that no text uses: half of MiniLM.
      const words = [...new Set([whole.padTokenId, ...texts.flat()])];
      const encoder = { ...whole, vocabSize: words.length, padTokenId: 0 };
      const model = { encoder, head: { dense: [], dropout: 0.1, activation: 'none' }, outputs: 1 } as const;
      const [step, forward] = [classifierStep(model), classifierForward(model)];
      const pretrained = pretrainedParameters(openWeights(folder), whole, classifierForward({ ...model, encoder: whole }).parameters, 0).source;
      const source: TrainerOptions['source'] = (spec, into) => {
        if (!spec.name.includes('word_embeddings')) return pretrained(spec, into);
        const table = pretrained({ ...spec, shape: [whole.vocabSize, whole.hiddenSize] });
        words.forEach((word, row) => into.set(table.subarray(word * whole.hiddenSize, (word + 1) * whole.hiddenSize), row * whole.hiddenSize));
      };
      const batchAt = (i: number): Feeds => {
        const ids = texts.slice(2 * i, 2 * i + 2).map((text) => text.map((word) => words.indexOf(word)));
        return { ...batchFeeds(encoder, ids, 16), ...classFeeds(tweets.labels.slice(2 * i, 2 * i + 2), 1) };
      };
      const optimizer = { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }), group: decayed(1e-5) };
      const [cpu, webgpu] = await both({ step, forward, source, optimizer, clipNorm: 1, seed: 42 });
      expect(step.masks).toHaveLength(20); // embeddings, three in each layer, the head
      for (let i = 0; i < 10; i += 1) {
        const [expected, found] = [await cpu.step(batchAt(i), { lr: 5e-5 }), await webgpu.step(batchAt(i), { lr: 5e-5 })];
        expect(Math.abs(found.loss - expected.loss), `step ${i + 1}`).toBeLessThan(LOSS);
      }
    });
  });
});
