import type { Command } from '../command.ts';
import { cache } from './cache.ts';
import { check } from './check.ts';
import { compare } from './compare.ts';
import { completion } from './completion.ts';
import { deleteRuns } from './delete.ts';
import { diff } from './diff.ts';
import { doctor } from './doctor.ts';
import { evaluate } from './evaluate.ts';
import { explain } from './explain.ts';
import { exportModel } from './export.ts';
import { init } from './init.ts';
import { plan } from './plan.ts';
import { predict } from './predict.ts';
import { run } from './run.ts';
import { runs } from './runs.ts';
import { schema } from './schema.ts';
import { serve } from './serve.ts';
import { show } from './show.ts';
import { sweep } from './sweep.ts';
import { sync } from './sync.ts';
import { ui } from './ui.ts';
import { worker } from './worker.ts';

/** Every command, in the order of the help: experiments, runs, models, the rest. */
export const commands: readonly Command[] = [
  init,
  check,
  plan,
  explain,
  run,
  sweep,
  worker,
  runs,
  show,
  compare,
  diff,
  deleteRuns,
  predict,
  evaluate,
  exportModel,
  serve,
  cache,
  sync,
  ui,
  schema,
  completion,
  doctor,
];
