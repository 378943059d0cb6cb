import { expect, it } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import type { ModelProcess } from '../../../src/runner/classifier/model-process.ts';
import { replaceable } from '../../../src/runner/classifier/replaceable.ts';

const killed = new OrtrainError('run', 'the process of classifying (pid 7) was killed (SIGKILL)');
const missing = new OrtrainError('data', 'config.json is not there');

/** A process that says a number of each text. With `opening` it has no models, and fails at texts for that. */
function process(says: number, opening?: Error): ModelProcess & { lose(): void } {
  let ended: Error | undefined;
  const ready = opening === undefined ? Promise.resolve() : Promise.reject(opening);
  ready.catch(() => {});
  return {
    pid: 7,
    ready,
    async classify(texts) {
      if (ended !== undefined) return new Promise(() => {}); // nobody answers
      if (opening !== undefined) throw opening;
      return { width: 1, numbers: Float64Array.from(texts, () => says) };
    },
    endedBy: () => ended,
    async end(error) {
      ended ??= error;
    },
    lose: () => (ended = killed),
  };
}

function replacing(next: readonly ModelProcess[], verify: () => Promise<void> = async () => {}) {
  const first = process(1);
  const [left, notices]: [ModelProcess[], string[]] = [[...next], []];
  const start = (): ModelProcess => left.shift()!;
  const tested = replaceable(first, { start, verify, onNotice: (notice) => notices.push(notice) });
  const says = async (): Promise<number | undefined> => (await tested.classify(['a'])).numbers[0];
  return { first, notices, says };
}

it('replaces a process that was lost while it was idle, once for all texts that come, and names it', async () => {
  const { first, notices, says } = replacing([process(2)]);
  expect(await says()).toBe(1);
  first.lose();
  expect(await Promise.all([says(), says()])).toEqual([2, 2]);
  expect(notices).toEqual([`${killed.message}; another process opens the models`]);
});

it('does not blame a text where the models are gone, and tries again with the next', async () => {
  const { first, notices, says } = replacing([process(2, missing), process(3)]);
  first.lose();
  await expect(says()).rejects.toMatchObject({ code: 'run', message: `the models could not be opened again: ${missing.message}` });
  expect(await says()).toBe(3);
  expect(notices).toHaveLength(2);
});

it('does not answer with models that took the place of its own', async () => {
  const { first, says } = replacing([process(2)], async () => {
    throw new OrtrainError('run', 'tiny holds other models than when it was opened');
  });
  first.lose();
  await expect(says()).rejects.toThrow('holds other models');
});
