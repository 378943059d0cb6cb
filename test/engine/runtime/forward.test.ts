import { expect, test } from 'vitest';
import { openForward } from '../../../src/engine/runtime/index.ts';
import { batches, feedsOf, forwardProgram, initial, reference } from './small-model.ts';

test.each([false, true])('a forward pass gives the logits of the model written out, batch after batch (kept: %s)', async (isKept) => {
  const values = initial();
  const asked: string[] = [];
  const program = forwardProgram();
  const model = await openForward({
    program,
    threads: 1,
    isKept,
    source: (spec, into) => {
      asked.push(spec.name);
      into.set(values[spec.name]!);
    },
  });
  try {
    expect(asked).toEqual(program.parameters.map(({ name }) => name));
    for (const batch of batches) {
      const logits = await model.forward(feedsOf(batch));
      const expected = reference(values, batch, 0, 0).logits;
      expect(logits).toHaveLength(expected.length);
      logits.forEach((y, b) => expect(y).toBeCloseTo(expected[b]!, 5));
    }
  } finally {
    await model.release();
  }
});
