import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.ts';
import type { Pace } from '../../../src/core/measures.ts';
import { loadTokens } from '../../../src/data/tokens/tokens.ts';
import { runExperiment } from '../../../src/runner/index.ts';
import { planExperiment, plannedTogether, type ExperimentPlan } from '../../../src/runner/plan/index.ts';
import type { PlanOptions } from '../../../src/runner/plan/plan.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';

const artifacts = temporaryFolder();

async function planOf(set: readonly string[], options: Partial<PlanOptions> = {}): Promise<ExperimentPlan> {
  return planExperiment(await smallQuickstart(...set), { artifacts, device: 'auto', ...options });
}

/** Runs what `planOf` plans; answers with everything that it reported. */
async function run(set: readonly string[]): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  await runExperiment(await smallQuickstart(...set), { artifacts, device: 'auto' }, (event) => void events.push(event));
  return events;
}

/** Tokens, padding and steps of each fold, as its epochs counted them. */
function trained(events: readonly RunEvent[]): Readonly<Record<string, { count: number; padding: number; steps: number }>> {
  const work: Record<string, Pace & { steps: number }> = {};
  for (const { task, event } of events.flatMap((each) => (each.type === 'task-event' ? [each] : []))) {
    if (event.type !== 'epoch' || event.work === undefined) continue;
    const before = work[task] ?? { tokens: 0, positions: 0, seconds: 0, steps: 0 };
    work[task] = {
      tokens: before.tokens + event.work.training.tokens,
      positions: before.positions + event.work.training.positions,
      seconds: 0,
      steps: event.step,
    };
  }
  return Object.fromEntries(
    Object.entries(work).map(([task, { tokens, positions, steps }]) => [task, { count: tokens, padding: 1 - tokens / positions, steps }]),
  );
}

function secondsOf(events: readonly RunEvent[], stage: string): number {
  return events.reduce((total, event) => total + (event.type === 'task-finished' && event.stage === stage ? event.seconds : 0), 0);
}

function planned({ tasks }: ExperimentPlan, stage: string): ExperimentPlan['tasks'] {
  return tasks.filter((task) => task.stage === stage);
}

describe('a plan and the run after it', () => {
  // Shuffled, so that the padding tells each epoch's order of rows apart from any other.
  const set = [
    'training.epochs=2',
    'model.max_seq_length=24',
    'resources.threads=2',
    'resources.parallel_folds=1',
    'training.batching=shuffled',
  ];
  let [before, events]: [ExperimentPlan | undefined, readonly RunEvent[]] = [undefined, []];
  beforeAll(async () => {
    before = await planOf(set);
    events = await run(set);
  });

  it('agree on every step and token, and on the padding', () => {
    const folds = planned(before as ExperimentPlan, 'train');
    const counted = trained(events);
    expect(Object.keys(counted)).toEqual(['train[0]', 'train[1]']);
    for (const { id, tokens, detail } of folds) {
      expect({ count: tokens?.count, padding: tokens?.padding.toFixed(12) }).toEqual({
        count: counted[id]?.count,
        padding: counted[id]?.padding.toFixed(12),
      });
      expect(detail[0]).toBe(`${counted[id]?.steps} steps: 2 epochs of ${(counted[id]?.steps ?? 0) / 2}`);
    }
    expect(before?.totals.tokens?.count).toBe((counted['train[0]']?.count ?? 0) + (counted['train[1]']?.count ?? 0));
  });

  it('count the same whether the tokens were in the cache or not', async () => {
    const after = await planOf(set);
    expect(after.tasks.every(({ cached }) => cached)).toBe(true);
    expect(after.tasks.map(({ tokens }) => tokens)).toEqual(before?.tasks.map(({ tokens }) => tokens));
    expect(after.totals).toEqual(before?.totals);
    expect(after.estimate).toEqual({
      peakBytes: null,
      gpu: null,
      diskBytes: null,
      checkpointBytes: 0,
      seconds: 0,
      source: null,
      atMost: false,
    });
  });

  it('agree on what stays on the disk, to a fifth', () => {
    const files = readdirSync(artifacts, { recursive: true, encoding: 'utf8' })
      .map((name) => statSync(join(artifacts, name)))
      .filter((stat) => stat.isFile());
    const used = [...new Map(files.map(({ ino, size }) => [ino, size])).values()].reduce((sum, size) => sum + size, 0);
    expect((before?.estimate.diskBytes ?? NaN) / used).toBeGreaterThan(0.8);
    expect((before?.estimate.diskBytes ?? NaN) / used).toBeLessThan(1.2);
    // Parameters, two numbers of Adam for each and the best model, and all of that once more while it is written.
    const weights = statSync(join(artifacts, 'runs/quickstart/models/fold-0/model.safetensors')).size;
    expect((before?.estimate.checkpointBytes ?? NaN) / (8 * weights)).toBeCloseTo(1, 1);
  });

  it('agree on the time, where the run is what the plan goes by', async () => {
    const again = await planOf(set, { force: ['train'] });
    expect(again.estimate.source).toBe('from the run quickstart');
    const training = (plan: ExperimentPlan): number => planned(plan, 'train').reduce((total, task) => total + (task.seconds ?? NaN), 0);
    expect(training(again) / secondsOf(events, 'train')).toBeCloseTo(1, 2);
    // Making the model ready takes as long for any number of epochs; every epoch adds as much, but for the widths of its batches.
    const [four, six] = [training(await planOf([...set, 'training.epochs=4'])), training(await planOf([...set, 'training.epochs=6']))];
    expect((six - training(again)) / (four - training(again))).toBeCloseTo(2, 0);
    expect(four).toBeGreaterThan(training(again));
  });

  it('know that folds side by side take less time and more memory', async () => {
    const one = await planOf(set, { force: ['train'] });
    const two = await planOf([...set, 'resources.parallel_folds=2', 'resources.threads=4'], { force: ['train'] });
    expect(two.share).toEqual({ lanes: 2, threads: 2 });
    // A fold's own process is smaller than the command's, which stays beside them.
    const [alone, beside] = [one, two].map((plan) => Math.max(...planned(plan, 'train').map(({ peakBytes }) => peakBytes ?? 0))) as [
      number,
      number,
    ];
    expect(beside).toBeLessThan(alone);
    expect((two.estimate.peakBytes ?? 0) - 2 * beside).toBeGreaterThan(alone - beside);
    expect(two.estimate.peakBytes).toBeLessThan(2 * alone + beside);
    expect(one.share).toEqual({ lanes: 1, threads: 2 });
  });

  it('know no time where the machine has done nothing alike', async () => {
    for (const other of ['training.batch_size=16', 'model.freeze_encoder=true', 'resources.threads=1']) {
      const { estimate, tasks } = await planOf([...set, other], { force: ['train'] });
      expect([other, estimate.seconds, estimate.source]).toEqual([other, null, null]);
      expect(tasks.find(({ stage }) => stage === 'tokenize')?.cached).toBe(true);
    }
  });
});

describe('a plan of a frozen encoder', () => {
  it('counts each text once, and goes by the encoder’s own speed', async () => {
    const set = ['model.freeze_encoder=true', 'model.head.dense=[8]'];
    const before = await planOf(set);
    const events = await run(set);
    const encode = planned(before, 'encode')[0];
    const tokenize = events.find((event) => event.type === 'run-started')?.environment.entries['tokenize'] ?? '';
    const ids = ['train', 'test'].map((part) => loadTokens(join(artifacts, 'cache', tokenize, `${part}.tokens`)).ids.length);
    expect(encode?.tokens?.count).toBe((ids[0] ?? 0) + (ids[1] ?? 0));
    expect(encode?.tokens?.padding).toBeLessThan(0.2);
    expect(planned(before, 'train').map(({ tokens }) => tokens)).toEqual([null, null]);
    expect(before.totals).toMatchObject({ steps: 30, tokens: null });
    const again = await planOf(set, { force: ['encode'] });
    expect(again.estimate.source).toMatch(/^from the run quickstart/);
    expect(planned(again, 'encode')[0]?.seconds).toBeGreaterThan(0);

    // Another head on the same features: they are in the cache, and the time is known from the run that made them.
    const other = await planOf(['model.freeze_encoder=true', 'model.head.dense=[]']);
    expect(other.tasks.filter(({ cached }) => cached).map(({ stage }) => stage)).toEqual(['examples', 'tokenize', 'split', 'inspect', 'baseline', 'encode']);
    expect(other.estimate.source).toMatch(/^from the run quickstart\S*, which had another head$/);
    expect(other.estimate.seconds).toBeGreaterThan(0);
    const forced = await planOf(['model.freeze_encoder=true', 'model.head.dense=[]'], { force: ['encode'] });
    expect(planned(forced, 'encode')[0]?.seconds).toBe(planned(again, 'encode')[0]?.seconds);
    // Where the encoder is trained, steps of another head say too little.
    expect((await planOf(['model.head.dense=[16]'], { force: ['train'] })).estimate.seconds).toBeNull();
  });
});

describe('a fold that was interrupted', () => {
  it('is planned from its checkpoint on', async () => {
    const set = ['training.epochs=40', 'name=halfway', 'resources.parallel_folds=1', 'resources.threads=2'];
    const stop = new AbortController();
    const interrupted = runExperiment(await smallQuickstart(...set), { artifacts, device: 'auto', signal: stop.signal }, (event) => {
      if (event.type === 'task-event' && event.event.type === 'epoch' && event.event.epoch === 2) stop.abort();
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' });

    const [half, whole] = planned(await planOf(set), 'train');
    const steps = Number(/^(\d+) steps/.exec(half?.detail[0] ?? '')?.[1]);
    expect(half?.stepsDone).toBeGreaterThanOrEqual(steps / 20);
    expect(half?.detail).toContain(`resumes after step ${half?.stepsDone}`);
    expect(whole).toMatchObject({ stepsDone: 0, detail: expect.not.arrayContaining([expect.stringContaining('goes on')]) });
    // The folds are alike, but for what is done and for making the model ready.
    const left = 1 - (half?.stepsDone ?? NaN) / steps;
    expect(half?.seconds).toBeLessThan(whole?.seconds ?? NaN);
    expect(half?.seconds).toBeGreaterThan(left * (whole?.seconds ?? NaN) * 0.99);
  });
});

describe('the baseline', () => {
  it('takes time by rows, folds and outputs', async () => {
    const { tasks, totals } = await planOf(['seed=5'], { force: ['baseline'] });
    const baseline = tasks.find(({ stage }) => stage === 'baseline');
    expect(baseline?.seconds).toBeCloseTo(0.1 + 2.5e-5 * totals.rows * totals.folds, 9);
  });
});

describe('a probe', () => {
  it('finds how long everything takes that is still to do', async () => {
    for (const frozen of [false, true]) {
      const { estimate, tasks } = await planOf([`model.freeze_encoder=${frozen}`, 'seed=3', 'training.early_stopping={}'], { probe: true });
      expect(estimate).toMatchObject({ source: 'timed now', atMost: true });
      expect(tasks.every(({ cached, seconds }) => cached === (seconds === null))).toBe(true);
      expect(estimate.seconds).toBeCloseTo(tasks.reduce((total, { seconds }) => total + (seconds ?? 0), 0), 9);
    }
  });

  it('is not needed where nothing runs a model', async () => {
    const { estimate } = await planOf(['seed=4'], { probe: true, until: 'split' });
    expect(estimate).toMatchObject({ source: null, atMost: false });
    expect(estimate.seconds).toBeLessThan(10);
  });
});

describe('the plans of several experiments', () => {
  it('count what they share once', async () => {
    const force = { force: ['tokenize'] };
    const plans = [await planOf(['name=a'], force), await planOf(['name=b', 'model.head.dropout=0.2'], force)];
    const together = plannedTogether(plans);
    const keys = plans.map(({ tasks }) => new Set(tasks.map(({ stage, key }) => `${stage}/${key}`)));
    expect(together.tasks).toBe(new Set(keys.flatMap((each) => [...each])).size);
    expect(together.tasks).toBeLessThan(plans.reduce((sum, { tasks }) => sum + tasks.length, 0));
    expect(plannedTogether([plans[0]!, plans[0]!])).toEqual(plannedTogether([plans[0]!]));
    expect(together.diskBytes).toBeLessThan(plans.reduce((sum, { estimate }) => sum + (estimate.diskBytes ?? 0), 0));
  });

  it('of a frozen encoder keep it once, whatever the folds', async () => {
    const disk = async (...set: readonly string[]): Promise<number> =>
      (await planOf(['model.freeze_encoder=true', ...set])).estimate.diskBytes ?? NaN;
    const whole = (await planOf(['split.folds=5'])).estimate.diskBytes ?? NaN;
    const [two, five] = [await disk('split.folds=2'), await disk('split.folds=5')];
    // 1.1 MB of encoder and 40 kB of pooler, of which a fold keeps the latter.
    expect((five - two) / 3).toBeLessThan(0.5e6);
    expect(whole).toBeGreaterThan(five + 3e6);
  });
});
