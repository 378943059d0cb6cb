import { expect, expectTypeOf, test } from 'vitest';
import {
  defineExperiment,
  type AnyClassifier,
  type Classifier,
  type ClassPrediction,
  type compare,
  type ComparedRuns,
  type evaluate,
  type EvaluatedTable,
  type Experiment,
  type ExperimentConfig,
  type ExperimentPlan,
  type LabelPrediction,
  type openClassifier,
  type plan,
  type Prediction,
  type run,
  type RunEvent,
  type RunResult,
  type sweep,
  type SweepResult,
} from '../../src/index.ts';

/* What an editor knows. `npm run types` is the test: vitest itself does not look at types. */

test('an experiment has the keys of the configuration, each with the type of its values', () => {
  expectTypeOf<Experiment>().toExtend<ExperimentConfig>();
  expectTypeOf<ExperimentConfig['seed']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Experiment['seed']>().toEqualTypeOf<number>();
  const optimizer = { name: 'sgd', momentum: 0.9 } as const;
  const kept = defineExperiment({ name: 'a', training: { optimizer }, task: { name: 'ordinal', link: 'coral' } });
  expectTypeOf(kept).toEqualTypeOf<ExperimentConfig>();

  // @ts-expect-error a key that there is not
  defineExperiment({ name: 'a', trainig: {} });
  // @ts-expect-error a value of another type
  defineExperiment({ name: 'a', training: { epochs: 'three' } });
  // @ts-expect-error a key of another kind
  defineExperiment({ name: 'a', task: { name: 'regression', link: 'coral' } });
  // @ts-expect-error a word that there is not
  defineExperiment({ name: 'a', task: { name: 'clustering' } });
  expect(kept.name).toBe('a');
});

test('work under way is a promise and an iterable of typed events', () => {
  expectTypeOf<Awaited<ReturnType<typeof run>>>().toEqualTypeOf<RunResult>();
  expectTypeOf<ReturnType<typeof run>>().toExtend<AsyncIterable<RunEvent>>();
  expectTypeOf<Awaited<ReturnType<typeof sweep>>>().toEqualTypeOf<SweepResult>();
  expectTypeOf<Awaited<ReturnType<typeof plan>>>().toEqualTypeOf<ExperimentPlan>();
  expectTypeOf<Awaited<ReturnType<typeof evaluate>>>().toEqualTypeOf<EvaluatedTable>();
  expectTypeOf<Awaited<ReturnType<typeof compare>>>().toEqualTypeOf<ComparedRuns>();
  const lossOf = (event: RunEvent): number | null =>
    event.type === 'task-event' && event.event.type === 'step' ? event.event.loss : null;
  expectTypeOf(lossOf).parameter(0).toEqualTypeOf<RunEvent>();
});

test('predictions have the type of the task, once it is known', () => {
  type Opened = typeof openClassifier;
  const asked = (open: Opened) => open('run', { task: 'multi-label' });
  expectTypeOf<ReturnType<typeof asked>>().resolves.toEqualTypeOf<Classifier<'multi-label'>>();
  const any = (open: Opened) => open('run', { device: 'cpu' });
  expectTypeOf<ReturnType<typeof any>>().resolves.toEqualTypeOf<AnyClassifier>();
  const labelsOf = async (classifier: AnyClassifier) => {
    if (classifier.task === 'multi-label') return (await classifier.classify(['a', ['b', 'c']])).flatMap(({ prediction }) => prediction);
    const predictions = await classifier.classify(['a']);
    expectTypeOf(predictions).not.toExtend<readonly LabelPrediction[]>();
    return [];
  };
  expectTypeOf(labelsOf).returns.resolves.toEqualTypeOf<string[]>();
  expectTypeOf<Prediction<'classification'>>().toEqualTypeOf<ClassPrediction>();
  // @ts-expect-error a text alone is no list of texts
  const wrong = (classifier: AnyClassifier) => classifier.classify('a text');
  expect(typeof wrong).toBe('function');
});
