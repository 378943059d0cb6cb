import { describe, expect, it } from 'vitest';
import { explainExperiment, runExperiment, type Explanation } from '../../src/runner/index.ts';
import { smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

const artifacts = temporaryFolder();

async function explain(...set: readonly string[]): Promise<Explanation> {
  return explainExperiment(await smallQuickstart(...set), { artifacts, device: 'auto' });
}

describe('an explanation', () => {
  it('before anything has been tokenized takes texts of full length', async () => {
    const { steps, trained, frozen, operators, device } = await explain();
    expect(steps.map(({ batch }) => batch)).toEqual([{ kind: 'limit', texts: 32, width: 32 }]);
    expect(frozen.count).toBe(0);
    expect(trained.bytes).toBe(4 * trained.count);
    expect(steps[0]?.memory.optimizerState).toBe(2 * trained.bytes);
    expect(new Set(operators.map(({ provider }) => provider))).toEqual(new Set([device]));
  });

  it('takes real batches where the tokens are in the cache', async () => {
    await runExperiment(await smallQuickstart(), { artifacts, device: 'auto', until: 'tokenize' }, () => {});
    const { steps } = await explain();
    expect(steps.map(({ batch }) => batch.kind)).toEqual(['typical', 'largest']);
    const [typical, largest] = steps;
    expect(typical?.batch.width).toBeLessThan(largest?.batch.width ?? 0);
    expect(typical?.work.total).toBeLessThan(largest?.work.total ?? 0);
    expect(typical?.memory.activations).toBeLessThan(largest?.memory.activations ?? 0);
    const padded = await explain('training.padding=max');
    expect(padded.steps.map(({ batch }) => batch)).toEqual([{ kind: 'typical', texts: 32, width: 32 }]);
  });

  it('of a frozen encoder counts one pass over the texts, and the head on its features', async () => {
    const [whole, frozen] = [await explain(), await explain('model.freeze_encoder=true')];
    expect(frozen.trained.count + frozen.frozen.count).toBe(whole.trained.count);
    expect(frozen.encoding.map(({ batch }) => batch.kind)).toEqual(['typical', 'largest']);
    expect(frozen.steps.map(({ batch }) => batch)).toEqual([{ kind: 'features', texts: 32, width: 1 }]);
    expect(frozen.encoding[0]?.operations).toBeGreaterThan(100 * (frozen.steps[0]?.work.total ?? NaN));
    expect(whole.encoding).toEqual([]);
  });

  it('of frozen embeddings alone takes neither gradients nor optimizer state for them', async () => {
    const [whole, frozen] = [await explain(), await explain('model.freeze.embeddings=true')];
    expect(frozen.encoding).toEqual([]);
    expect(frozen.frozen.count).toBeGreaterThan(0);
    expect(frozen.trained.count + frozen.frozen.count).toBe(whole.trained.count);
    const [all, rest] = [whole.steps[0]!.memory, frozen.steps[0]!.memory];
    expect(all.optimizerState - rest.optimizerState).toBe(2 * frozen.frozen.bytes);
    expect(rest.optimizerState).toBe(2 * frozen.trained.bytes);
    expect(rest.gradients).toBeLessThan(all.gradients);
  });

  it('has the loss of the configuration', async () => {
    const [usual, weighted] = [await explain(), await explain('training.loss={ name: auto, class_weights: balanced }')];
    const inputs = (graph: string): number => graph.match(/weights/g)?.length ?? 0;
    expect(inputs(weighted.graph)).toBeGreaterThan(inputs(usual.graph));
  });

  it('follows the optimizer', async () => {
    const { optimizer, steps } = await explain('training.optimizer.name=sgd', 'training.optimizer.momentum=0');
    expect(optimizer).toEqual({ name: 'sgd', slots: [], operationsPerNumber: 4 });
    expect(steps[0]?.memory.optimizerState).toBe(0);
  });
});
