import { describe, expect, test } from 'vitest';
import { RandomState } from '../../../src/core/random.ts';
import { judge } from '../../../src/tracking/mlflow/client/answers.ts';
import { batches, halves, itemCount, type Batch } from '../../../src/tracking/mlflow/client/batches.ts';
import { wireDataset, wireMetric, wireParam, wirePath, wireTag } from '../../../src/tracking/mlflow/client/wire.ts';

const metric = { key: 'val/f1_macro', value: 0.5, t: 1_700_000_000_000, step: 3 };

describe('a metric', () => {
  test('goes out with integer time and step', () => {
    expect(wireMetric(metric)).toEqual({ item: { key: 'val/f1_macro', value: 0.5, timestamp: 1_700_000_000_000, step: 3 } });
  });

  test.each([null, NaN, Infinity, -Infinity])('that is %s goes out as the text NaN', (value) => {
    expect(wireMetric({ ...metric, value })).toMatchObject({ item: { value: 'NaN' } });
  });

  test.each([
    ['a fractional step', { step: 1.5 }],
    ['a step beyond 2^53', { step: 1e19 }],
    ['a fractional time', { t: 17.25 }],
    ['no time', { t: NaN }],
    ['a text', { value: '0.5' as unknown as number }],
  ])('with %s is set aside with the reason', (_, change) => {
    expect(wireMetric({ ...metric, ...change })).toEqual({ reason: expect.any(String) });
  });

  test.each([
    'a@b',
    'loss%',
    'a+b',
    'a&b',
    '$x',
    'a=b',
    'a,b',
    'f(x)',
    'x[0]',
    '#',
    '?',
    '*',
    'a\\b',
    '🙂',
    'a\tb',
    '/a',
    'a/',
    'a//b',
    './a',
    'a/../b',
    '',
    'k'.repeat(251),
  ])('named %j is set aside', (key) => {
    expect(wireMetric({ ...metric, key })).toEqual({ reason: expect.any(String) });
  });

  test.each(['val/f1', 'system/cpu', 'größe', '損失', 'a b-c.d:e_f', 'k'.repeat(250)])('may be named %j', (key) => {
    expect(wireMetric({ ...metric, key })).toHaveProperty('item');
  });
});

test('params and tags are texts, whatever they were, cut where the server cuts', () => {
  const sent = (value: unknown): string | undefined =>
    'item' in wireParam('p', value) ? (wireParam('p', value) as { item: { value: string } }).item.value : undefined;
  expect([0.1, 0, true, null, [1, 2], 'text', 'a\ud800b'].map(sent)).toEqual(['0.1', '0', 'true', 'null', '[1,2]', 'text', 'a\ufffdb']);
  expect(sent(undefined)).toBeUndefined();
  expect([...(sent('🙂'.repeat(7000)) ?? '')]).toHaveLength(6000);
  expect(wireTag('t', 'x'.repeat(9000))).toMatchObject({ item: { value: 'x'.repeat(8000) } });
});

test('a dataset’s digest is cut to what the server takes', () => {
  expect(wireDataset('train.csv', 'data/train.csv', 'a'.repeat(64), 'training')).toEqual({
    item: {
      tags: [{ key: 'mlflow.data.context', value: 'training' }],
      dataset: { name: 'train.csv', digest: 'a'.repeat(36), source_type: 'local', source: '{"uri":"data/train.csv"}' },
    },
  });
  for (const digest of ['', null])
    expect(wireDataset('train.csv', 'data/train.csv', digest, 'training')).toEqual({ reason: 'the journal has no digest of it' });
});

test('paths of artifacts are encoded, and never leave the run', () => {
  expect(wirePath('model/größe 1+2.txt')).toEqual({ item: 'model/gr%C3%B6%C3%9Fe%201%2B2.txt' });
  for (const path of ['../a', 'a/../../b', 'a//b', '/a', 'a/.', 'a%2e', 'a#b', 'a\\b', ''])
    expect(wirePath(path), path).toHaveProperty('reason');
});

test('whatever goes in, nothing comes out that the server would store half-filled', () => {
  const random = new RandomState(7);
  const odd: readonly unknown[] = [
    undefined,
    null,
    NaN,
    Infinity,
    1.5,
    -0,
    1e300,
    1e19,
    '',
    'NaN',
    '\ud800',
    [],
    {},
    true,
    'x'.repeat(7000),
    'a/b',
    '../x',
    'ä:b',
  ];
  const any = (): unknown => odd[random.integer(0, odd.length)];
  for (let i = 0; i < 3000; i += 1) {
    const checked = wireMetric({ key: any() as string, value: any() as number, t: any() as number, step: any() as number });
    if ('item' in checked) {
      const { key, value, timestamp, step } = JSON.parse(JSON.stringify(checked.item)) as Record<string, unknown>;
      expect(Number.isSafeInteger(timestamp) && Number.isSafeInteger(step) && (typeof value === 'number' || value === 'NaN')).toBe(true);
      expect(key).toMatch(/^[\p{L}\p{N}_ \-.:/]{1,250}$/u);
    }
    const pair = wireParam(any() as string, any());
    if ('item' in pair) expect(pair.item.value).toEqual(expect.not.stringMatching(/\p{Surrogate}/u));
  }
});

describe('batches', () => {
  const batch = (metrics: number, params: number, tags: number, length = 1): Batch => ({
    metrics: Array.from({ length: metrics }, (_, step) => ({ key: 'm', value: 1, timestamp: 1, step })),
    params: Array.from({ length: params }, (_, i) => ({ key: `p${i}`, value: 'v'.repeat(length) })),
    tags: Array.from({ length: tags }, (_, i) => ({ key: `t${i}`, value: 'v'.repeat(length) })),
  });

  test.each([
    [0, 0, 0],
    [1, 0, 0],
    [1000, 0, 0],
    [1001, 0, 0],
    [801, 100, 100],
    [12_345, 0, 0],
    [0, 250, 0],
    [5, 101, 333],
  ])('of %i metrics, %i params and %i tags keep every limit and every item', (metrics, params, tags) => {
    const parts = batches(batch(metrics, params, tags));
    for (const part of parts) {
      expect(part.metrics.length).toBeLessThanOrEqual(1000);
      expect(part.params.length).toBeLessThanOrEqual(100);
      expect(part.tags.length).toBeLessThanOrEqual(100);
      expect(itemCount(part)).toBeLessThanOrEqual(1000);
      expect(itemCount(part)).toBeGreaterThan(0);
    }
    expect(parts.flatMap((part) => part.metrics)).toEqual(batch(metrics, 0, 0).metrics);
    expect(parts.flatMap((part) => part.params)).toEqual(batch(0, params, 0).params);
    expect(parts.flatMap((part) => part.tags)).toEqual(batch(0, 0, tags).tags);
  });

  test('stay below what proxies let through', () => {
    for (const part of batches(batch(0, 200, 200, 6000))) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(1_000_000);
  });

  test('hold a param once, with its last value', () => {
    const twice = { key: 'p', value: '1' };
    expect(batches({ metrics: [], params: [twice, { key: 'q', value: '2' }, twice], tags: [] })[0]?.params).toEqual([
      twice,
      { key: 'q', value: '2' },
    ]);
  });

  test('are halved without losing an item', () => {
    for (const whole of [batch(2, 0, 0), batch(3, 2, 1), batch(0, 1, 1), batch(999, 1, 0)]) {
      const [a, b] = halves(whole);
      expect([itemCount(a), itemCount(b)].every((size) => size > 0)).toBe(true);
      expect({ metrics: [...a.metrics, ...b.metrics], params: [...a.params, ...b.params], tags: [...a.tags, ...b.tags] }).toEqual(whole);
    }
  });
});

describe('an answer', () => {
  const json = (code: string, message = ''): string => JSON.stringify({ error_code: code, message, sqlstate: null });
  const none = new Headers();
  test.each([
    [400, json('INVALID_PARAMETER_VALUE', 'Invalid value'), 'refused'],
    [400, json('INVALID_PARAMETER_VALUE', "The run x must be in the 'active' state."), 'stop'],
    [400, json('BAD_REQUEST', 'UNIQUE constraint failed'), 'transient'],
    [400, json('RESOURCE_ALREADY_EXISTS'), 'exists'],
    [404, json('RESOURCE_DOES_NOT_EXIST'), 'missing'],
    [404, '<!doctype html><h1>Not Found</h1>', 'stop'],
    [401, 'You are not authenticated.', 'stop'],
    [403, json('PERMISSION_DENIED'), 'stop'],
    [403, 'Invalid Host header - possible DNS rebinding attack detected', 'stop'],
    [302, '', 'stop'],
    [405, '{"detail":"Method Not Allowed"}', 'stop'],
    [408, '', 'away'],
    [413, '<html>413 Request Entity Too Large</html>', 'too-large'],
    [429, '', 'away'],
    [500, json('INTERNAL_ERROR'), 'away'],
    [500, 'Internal Server Error', 'away'],
    [500, json('FEATURE_DISABLED'), 'stop'],
    [501, json('NOT_IMPLEMENTED'), 'stop'],
    [502, '<html>Bad Gateway</html>', 'away'],
    [503, json('TEMPORARILY_UNAVAILABLE'), 'away'],
    [504, '', 'away'],
  ])('%i %s means %s', (status, body, kind) => {
    const failure = judge(status, body, none);
    expect(failure.kind).toBe(kind);
    expect(['stop', 'missing'].includes(failure.kind)).toBe(failure.remedy !== undefined);
  });

  test('names the cure for a host that the server does not know', () => {
    expect(judge(403, 'Invalid Host header - possible DNS rebinding attack detected', none).remedy).toContain('--allowed-hosts');
  });

  test('is shortened, because it may hold SQL and values', () => {
    expect(judge(400, json('BAD_REQUEST', `INSERT INTO x ${'y'.repeat(5000)}`), none).message.length).toBeLessThan(300);
  });

  test('says when to come back', () => {
    expect(judge(429, '', new Headers({ 'retry-after': '7' })).retryAfter).toBe(7000);
  });
});
