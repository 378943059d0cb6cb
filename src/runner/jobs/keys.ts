import { hashOf } from '../../core/hash.ts';
import type { Need, Stage } from '../../stages/index.ts';
import type { KeyParts } from '../cache/manifest.ts';

/** What a job is keyed by. */
export interface JobKey {
  /** Hash of `parts`. */
  readonly key: string;
  readonly parts: KeyParts;
  /** Hash of those parts on which what it makes of the training table depends. */
  readonly trainingKey: string;
  /** Paths of all files whose contents are in the key, by their names there. */
  readonly keyFiles: Readonly<Record<string, string>>;
  /** Keys of decoded tables that each of the two keys holds. */
  readonly decoded: { readonly key: ReadonlySet<string>; readonly trainingKey: ReadonlySet<string> };
}

/** What a job reads of others: for each kind the jobs that make it. */
export interface Input {
  readonly kind: string;
  readonly need: Need;
  readonly from: readonly (JobKey & { readonly stage: Stage })[];
}

/** What a stage itself uses of the experiment, and the SHA-256 of its files. */
export interface Own extends Pick<KeyParts, 'params' | 'contents' | 'fold' | 'engine'> {
  readonly files: Readonly<Record<string, string>>;
}

/**
 * The key of a stage's job. A stage that reads decoded tables (`isDecoding`) is keyed by what these were decoded from, as if it read the
 * tables itself: so what was made when each stage did is found.
 */
export function jobKey(stage: Stage, { files, ...own }: Own, inputs: readonly Input[]): JobKey {
  const reads = stage.reads === 'training' ? 'trainingKey' : 'key';
  throwIfUnkeyed(stage, inputs, reads);
  const tables = inputs.filter(isDecoded).flatMap(({ from }) => from);
  const read = tables.map(({ parts }) => (stage.reads === 'training' ? { ...parts, ...withoutTest(parts) } : parts));
  const parts: KeyParts = {
    stage: stage.name,
    version: stage.version,
    ...own,
    params: read.reduce<unknown>((all, { params }) => merged(stage.name, all, params), own.params),
    contents: read.reduce((all, { contents }) => merged(stage.name, all, contents), own.contents),
    inputs: keysOf(inputs, reads),
  };
  return {
    key: hashOf(parts),
    parts,
    trainingKey: hashOf({ ...parts, ...withoutTest(parts), inputs: keysOf(inputs, 'trainingKey') }),
    keyFiles: tables.reduce((all, { keyFiles }) => ({ ...keyFiles, ...all }), files),
    decoded: { key: decodedIn(inputs, reads), trainingKey: decodedIn(inputs, 'trainingKey') },
  };
}

type Which = 'key' | 'trainingKey';

/** What a stage reads without having it in its key must be in the key of another input. */
function throwIfUnkeyed({ name }: Stage, inputs: readonly Input[], which: Which): void {
  const known = decodedIn(inputs, which);
  for (const { kind, need, from } of inputs) {
    if (need === 'source' && from.some((job) => !known.has(job[which])))
      throw new Error(`the stage ${name} reads ${kind}, which none of its other inputs was made from`);
  }
}

function decodedIn(inputs: readonly Input[], which: Which): ReadonlySet<string> {
  return new Set(
    inputs.filter(({ need }) => need !== 'source').flatMap((input) =>
      input.from.flatMap((job) => {
        if (!isDecoded(input)) return [...job.decoded[which]];
        return which === 'key' ? [job.key, job.trainingKey] : [job.trainingKey];
      }),
    ),
  );
}

function keysOf(inputs: readonly Input[], which: Which): KeyParts['inputs'] {
  return Object.fromEntries(
    inputs.flatMap((input) => {
      const { kind, need, from } = input;
      if (need === 'source' || (need === 'any' && from.length === 0)) return [];
      if (!isDecoded(input)) return [[kind, from.map((job) => job[which])] as const];
      const later = from.filter(({ stage }) => stage.version > 1);
      return later.length === 0 ? [] : [[kind, later.map(({ stage }) => `version ${stage.version}`)] as const];
    }),
  );
}

function isDecoded({ need, from }: Input): boolean {
  return need !== 'source' && from.some(({ stage }) => stage.isDecoding === true);
}

/** What two use by the same name has to be the same, or the key would miss one of them. */
function merged<T>(stage: string, own: T, decoded: T): T {
  if (own === null || own === undefined) return decoded;
  const mine = own as Readonly<Record<string, unknown>>;
  const clash = Object.entries(decoded as Readonly<Record<string, unknown>>).find(
    ([name, value]) => Object.hasOwn(mine, name) && hashOf(mine[name]) !== hashOf(value),
  );
  if (clash !== undefined) throw new Error(`the stage ${stage} calls something else ${clash[0]} than the tables do that it reads`);
  return { ...own, ...decoded };
}

/** As the table to predict is called `test`, so are the parameters by which it is read. */
function withoutTest({ params, contents }: Pick<KeyParts, 'params' | 'contents'>): Pick<KeyParts, 'params' | 'contents'> {
  const { test: _, ...ofTraining } = contents;
  return { params: paramsWithoutTest(params), contents: ofTraining };
}

function paramsWithoutTest(params: unknown): unknown {
  if (typeof params !== 'object' || params === null || !('test' in params)) return params;
  const { test: _, ...others } = params;
  return others;
}
