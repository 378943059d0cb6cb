import { expect, test } from 'vitest';
import { adam, adamw, operationsPerNumber, sgd } from '../../../src/engine/optim/index.ts';

const betas = [0.9, 0.999] as const;

test('operations of an update, as its formula has them', () => {
  // p - lr (g + decay p)
  expect(operationsPerNumber(sgd({ momentum: 0, nesterov: false }))).toBe(4);
  // b = μb + (1 - τ) g: 3 more
  expect(operationsPerNumber(sgd({ momentum: 0.9, nesterov: false }))).toBe(7);
  // the decay 2, m 3, v 4, their quotient 5, the step 2
  expect(operationsPerNumber(adam({ betas, eps: 1e-8 }))).toBe(16);
  expect(operationsPerNumber(adamw({ betas, eps: 1e-8 }))).toBe(16);
  // and the larger of two v
  expect(operationsPerNumber(adam({ betas, eps: 1e-8, amsgrad: true }))).toBe(17);
});
