import { baseline } from './baseline.ts';
import { encode } from './encode.ts';
import { evaluate } from './evaluate.ts';
import { examples } from './examples.ts';
import { inspect } from './inspect.ts';
import { predict } from './predict.ts';
import { refit } from './refit.ts';
import { split } from './split.ts';
import type { Stage } from './stage.ts';
import { submit } from './submit.ts';
import { test } from './test.ts';
import { tokenize } from './tokenize.ts';
import { train } from './train.ts';

export { inspectionOptions } from './inspect.ts';
export { MOST_BASELINE_ROWS } from './baseline.ts';
export { openOutput, readJson } from './outputs.ts';
export { testTargets } from './tested.ts';
export { tableRows } from './prediction-table.ts';
export { openInputs, type Need, type Stage, type StageContext, type ResolvedModel } from './stage.ts';

/** Every stage that a pipeline file can name. */
export const stages: Readonly<Record<string, Stage>> = {
  examples,
  tokenize,
  split,
  inspect,
  baseline,
  encode,
  train, refit,
  evaluate,
  predict,
  test,
  submit,
};
