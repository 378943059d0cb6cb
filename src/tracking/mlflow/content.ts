import type { Refusal } from './client/client.ts';
import type { Operation } from './projection.ts';
import { wireMetric, wireParam, wireTag, type Checked, type WireMetric, type WirePair } from './client/wire.ts';

/** Params, metrics and tags that can be sent, and what cannot. */
export interface Content {
  readonly metrics: readonly WireMetric[];
  readonly params: readonly WirePair[];
  readonly tags: readonly WirePair[];
  readonly refusals: readonly Refusal[];
}

export const noContent: Content = { metrics: [], params: [], tags: [], refusals: [] };

/** What an operation has to say about its run. */
export function contentOf(operation: Operation): Content {
  const metrics = sorted(operation.type === 'metrics' ? operation.metrics.map((metric) => [metric, wireMetric(metric)] as const) : []);
  const params = sorted(operation.type === 'open' ? pairs(operation.params, wireParam) : []);
  const tags = sorted(operation.type === 'open' || operation.type === 'tags' ? pairs(operation.tags, wireTag) : []);
  return {
    metrics: metrics.items,
    params: params.items,
    tags: tags.items,
    refusals: [...params.refusals, ...metrics.refusals, ...tags.refusals],
  };
}

export function together(a: Content, b: Content): Content {
  return {
    metrics: [...a.metrics, ...b.metrics],
    params: [...a.params, ...b.params],
    tags: [...a.tags, ...b.tags],
    refusals: [...a.refusals, ...b.refusals],
  };
}

function pairs(
  values: Readonly<Record<string, unknown>>,
  check: (key: string, value: unknown) => Checked<WirePair>,
): readonly (readonly [unknown, Checked<WirePair>])[] {
  return Object.entries(values).map(([key, value]) => [{ key, value }, check(key, value)]);
}

function sorted<T>(checked: readonly (readonly [unknown, Checked<T>])[]): {
  readonly items: readonly T[];
  readonly refusals: readonly Refusal[];
} {
  return {
    items: checked.flatMap(([, each]) => ('item' in each ? [each.item] : [])),
    refusals: checked.flatMap(([item, each]) => ('reason' in each ? [{ item, reason: each.reason }] : [])),
  };
}
