import { isDeepStrictEqual } from 'node:util';
import type { Conflict } from './conflict.ts';
import type { Experiment } from './experiment.ts';
import { split as schema } from './sections/split.ts';
import { propertyOf } from './schema/schema.ts';
import { defaultsOf } from './task-defaults.ts';

/** Keys that say how to divide the training table, which a table of its own for validation leaves whole. */
export function splitBesideValidation(experiment: Experiment): readonly Conflict[] {
  const ofTask = defaultsOf(experiment);
  return Object.entries(experiment.split).flatMap(([key, value]) => {
    const path = `split.${key}`;
    const usual = Object.hasOwn(ofTask, path) ? ofTask[path] : propertyOf(schema, key)?.default;
    if (isDeepStrictEqual(value, usual)) return [];
    const message = `${path} divides the training table, which data.validation leaves whole: one model is trained on all of it`;
    return [{ path: ['split', key], message, suggestion: `${key}: ${JSON.stringify(usual)}` }];
  });
}
