import { isObject, list, object, optional, primitive, type Shape } from '../../core/shapes.ts';

/** What MLflow's tracking API answers, as far as it is read here. Whoever answers otherwise is another server, or a proxy before it. */

export interface WireExperiment {
  readonly experiment_id: string;
  readonly lifecycle_stage: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
}

export interface WireRun {
  readonly info: { readonly run_id: string; readonly run_name?: string; readonly artifact_uri?: string; readonly status: string; readonly end_time?: number };
  readonly data?: { readonly metrics?: readonly { readonly key: string; readonly value: number | string }[] };
}

export interface RunsAnswer {
  readonly runs?: readonly WireRun[];
  readonly next_page_token?: string;
}

/** An answer that says no more than that it is done. */
export const anyAnswer: Shape = primitive('an object', isObject);

/** Ids go into addresses and searches. */
const id = primitive('an id', (value) => typeof value === 'string' && /^[\w.-]{1,250}$/.test(value));
const shortText = primitive('a short text', (value) => typeof value === 'string' && value.length <= MOST_CHARACTERS);
const moment = primitive('a time', (value) => Number.isSafeInteger(value));
const measured = primitive('a number', (value) => typeof value === 'number' || (typeof value === 'string' && value.length < 40));

/** Longer texts are cut by the server itself. */
const MOST_CHARACTERS = 20_000;

const pair = object({ key: shortText, value: shortText });

const run = object({
  info: object({ run_id: id, run_name: optional(shortText), artifact_uri: optional(shortText), status: shortText, end_time: optional(moment) }),
  data: optional(object({ metrics: optional(list(object({ key: shortText, value: measured }))) })),
});

export const experimentAnswer = object({ experiment: object({ experiment_id: id, lifecycle_stage: shortText, tags: optional(list(pair)) }) });
export const createdAnswer = object({ experiment_id: id });
export const runAnswer = object({ run });
export const runsAnswer = object({ runs: optional(list(run)), next_page_token: optional(shortText) });
