import { isObject, list, object, optional, primitive, type TypeOf } from '../../../core/shapes.ts';

/** What MLflow's tracking API answers, as far as it is read here. Whoever answers otherwise is another server, or a proxy before it. */

/** An answer that says no more than that it is done. */
export const anyAnswer = primitive<object>('an object', isObject);

/** Ids go into addresses and searches. */
const id = primitive<string>('an id', (value) => typeof value === 'string' && /^[\w.-]{1,250}$/.test(value));
const shortText = primitive<string>('a short text', (value) => typeof value === 'string' && value.length <= MOST_CHARACTERS);
const moment = primitive<number>('a time', (value) => Number.isSafeInteger(value));
const measured = primitive<number | string>(
  'a number',
  (value) => typeof value === 'number' || (typeof value === 'string' && value.length < 40),
);

/** Longer texts are cut by the server itself. */
const MOST_CHARACTERS = 20_000;

export type WireExperiment = TypeOf<typeof experiment>;

const experiment = object({
  experiment_id: id,
  lifecycle_stage: shortText,
  tags: optional(list(object({ key: shortText, value: shortText }))),
});

export type WireRun = TypeOf<typeof run>;

const run = object({
  info: object({
    run_id: id,
    run_name: optional(shortText),
    artifact_uri: optional(shortText),
    status: shortText,
    end_time: optional(moment),
  }),
  data: optional(object({ metrics: optional(list(object({ key: shortText, value: measured }))) })),
});

export const experimentAnswer = object({ experiment });
export const createdAnswer = object({ experiment_id: id });
export const runAnswer = object({ run });
export const runsAnswer = object({ runs: optional(list(run)), next_page_token: optional(shortText) });
