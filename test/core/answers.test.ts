import { expect, test } from 'vitest';
import { reasonOf, secondsToWait } from '../../src/core/answers.ts';
import { HubRefusal } from '../../src/data/hub/failures.ts';
import { judge, unreachable } from '../../src/tracking/mlflow/client/answers.ts';

test('a wish to wait is a number of seconds or a date, to the hub as to MLflow', () => {
  expect(secondsToWait('7')).toBe(7);
  for (const none of [null, '', ' ', '-1', '-1e999', 'soon', new Date(Date.now() - 60_000).toUTCString()])
    expect(secondsToWait(none)).toBeUndefined();
  const date = new Date(Date.now() + 600_000).toUTCString();
  for (const seconds of [
    secondsToWait(date),
    new HubRefusal(429, null, date).again,
    (judge(429, '', new Headers({ 'retry-after': date })).retryAfter ?? NaN) / 1000,
  ]) {
    expect(seconds).toBeGreaterThan(590);
    expect(seconds).toBeLessThanOrEqual(600);
  }
});

test('the reason of a failed request is its innermost code or message, and a port that fetch refuses is never asked again', async () => {
  expect(reasonOf(new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'ECONNREFUSED' }) }))).toBe('ECONNREFUSED');
  const refused: unknown = await fetch('http://127.0.0.1:9/').catch((error: unknown) => error);
  expect(unreachable(refused)).toMatchObject({ kind: 'stop', message: expect.stringContaining('a port that fetch refuses') });
});
