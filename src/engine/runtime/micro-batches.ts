import { concrete, type Symbols } from '../graph/index.ts';
import type { Feeds, MaskSpec } from '../program.ts';
import type { MicroBatch, StepFeeds } from './trainer.ts';

/** The parts of a batch; a batch that goes through the model whole is its own only part. */
export function microBatchesOf(feeds: StepFeeds): readonly MicroBatch[] {
  return isCut(feeds) ? feeds : [{ feeds, share: 1 }];
}

/** The one cast: a record has no length. */
function isCut(feeds: StepFeeds): feeds is readonly MicroBatch[] {
  return Array.isArray(feeds as Feeds | MicroBatch[]);
}

/**
 * How many elements of each mask the parts before a part have had. A part's masks go on where those of the part before end; so, parts of
 * one width together have the very masks of the whole batch.
 */
export function maskStarts(specs: readonly MaskSpec[], parts: readonly Symbols[]): readonly (readonly number[])[] {
  let next: readonly number[] = specs.map(() => 0);
  return parts.map((symbols) => {
    const starts = next;
    next = specs.map(({ shape }, site) => starts[site]! + concrete(shape, symbols).reduce((product, length) => product * length, 1));
    return starts;
  });
}

/** One after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const all = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Runs of neighbours of which the same is true. */
export function consecutive<T>(items: readonly T[], is: (item: T) => boolean): readonly (readonly T[])[] {
  return items.reduce<T[][]>((groups, item) => {
    const last = groups.at(-1);
    if (last !== undefined && is(last[0]!) === is(item)) last.push(item);
    else groups.push([item]);
    return groups;
  }, []);
}
