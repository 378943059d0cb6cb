import type { StepResult, Trainer } from './trainer.ts';

/** Several steps of a trainer to which they are nothing more than several steps. */
export function separateSteps(step: Trainer['step']): Pick<Trainer, 'step' | 'steps' | 'stepsPerRun'> {
  return {
    step,
    async steps(batches) {
      const results: StepResult[] = [];
      for (const { feeds, rates } of batches) {
        const result = await step(feeds, rates);
        results.push(result);
        if (Number.isNaN(result.loss)) break;
      }
      return results;
    },
    stepsPerRun: () => 1,
  };
}
