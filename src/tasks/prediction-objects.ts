import type { Experiment } from '../config/index.ts';

export type TaskName = Experiment['task']['name'];

/** One of several classes. */
export interface ClassPrediction {
  /** The most probable class. */
  readonly prediction: string;
  /** Of every class; they add up to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** Any number of labels. */
export interface LabelPrediction {
  /** The labels whose probability is above 0.5. */
  readonly prediction: readonly string[];
  /** Of every label by itself. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** A number, in the unit of the target. */
export interface NumberPrediction {
  /** By column where the model has several. */
  readonly prediction: number | Readonly<Record<string, number>>;
}

/** One of several grades in order. */
export interface GradePrediction {
  /** The median grade: the highest one that is reached with a probability above one half. */
  readonly prediction: string;
  /** The expected grade: their values, or positions from 0 where they are words, weighted by probability. */
  readonly score: number;
  /** Of every grade; they add up to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** What is predicted for a text, by task. */
export interface PredictionsByTask {
  readonly classification: ClassPrediction;
  readonly 'multi-label': LabelPrediction;
  readonly regression: NumberPrediction;
  readonly ordinal: GradePrediction;
}

export type Prediction<T extends TaskName = TaskName> = PredictionsByTask[T];

/** JSON Schema, 2020-12, of what is predicted for a text. */
export function predictionSchema(task: TaskName, names: readonly string[]): Readonly<Record<string, unknown>> {
  return schemas[task](names);
}

const schemas: Readonly<Record<TaskName, (names: readonly string[]) => Readonly<Record<string, unknown>>>> = {
  classification: (classes) => whole({ prediction: { enum: classes }, probabilities: numbersBy(classes, SHARE) }),
  'multi-label': (labels) =>
    whole({ prediction: { type: 'array', items: { enum: labels }, uniqueItems: true }, probabilities: numbersBy(labels, SHARE) }),
  regression: (columns) => whole({ prediction: columns.length === 1 ? NUMBER : numbersBy(columns, NUMBER) }),
  ordinal: (grades) => whole({ prediction: { enum: grades }, score: NUMBER, probabilities: numbersBy(grades, SHARE) }),
};

const NUMBER = { type: 'number' };
const SHARE = { type: 'number', minimum: 0, maximum: 1 };

function numbersBy(names: readonly string[], schema: object): object {
  return whole(Object.fromEntries(names.map((name) => [name, schema])));
}

function whole(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}
