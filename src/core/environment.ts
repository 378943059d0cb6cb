import { count, flag, list, nullable, number, object, optional, record, text, type TypeOf } from './shapes.ts';

/** What a run was made of besides its configuration: `environment.json`. */
export type Environment = TypeOf<typeof environment>;

export const environment = object({
  versions: record(text),
  machine: object({ platform: text, cpu: text, cores: count, memoryBytes: number }),
  /** The login name; null where the system knows none. Older runs have none. */
  user: optional(nullable(text)),
  device: text,
  /**
   * How it came to that: what was asked for, the GPU's name where it is known, and each device that would have been better to the
   * reason why it was not taken. Older runs have none.
   */
  deviceChoice: optional(object({ asked: text, adapter: nullable(text), passedOver: record(text) })),
  /** What products of matrices were taken in while it trained. Older runs have none, and had float32. */
  precision: optional(text),
  threads: count,
  /** Null outside a git checkout. */
  git: nullable(object({ commit: text, dirty: flag })),
  commandLine: list(text),
  /** Path of each file read from outside the artifacts folder, to the SHA-256 of its content. */
  data: record(text),
  /** Task to its cache entry, `<stage>/<key>`; what a run refers to is not pruned. */
  entries: record(text),
});
