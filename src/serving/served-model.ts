import type { Lane } from './lanes/lane.ts';

/** A JSON Schema, 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a server knows of the model that it serves. */
export interface ServedModel {
  /** What a person calls it: the run's name, or the folder's. */
  readonly name: string;
  /** Of its files: another model has another one. */
  readonly digest: string;
  /** Whether it takes pairs of texts, or single ones; null where it takes both. */
  readonly pairs: boolean | null;
  /** At which a text is cut, special ones included. */
  readonly maxTokens: number;
  /** Of what it says of a text. */
  readonly answer: JsonSchema;
  /** What `GET /v1/model` answers besides. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A model that is ready to answer. */
export interface OpenModel {
  readonly model: ServedModel;
  readonly lanes: readonly Lane[];
}
