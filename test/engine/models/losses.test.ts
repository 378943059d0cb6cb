import { expect, test } from 'vitest';
import { describeShared } from '../../helpers/shared.ts';
import { oracleCases, place, sameAsOracle } from './loss-oracle.ts';

describeShared('losses equal PyTorch, torchvision and scikit-learn', place, () => {
  test('all that tasks are trained by', () => expect(oracleCases().length).toBe(37));
  test.each(oracleCases().map((oracle) => [oracle.name, oracle] as const))('%s', (_, oracle) => sameAsOracle(oracle, 'cpu'));
});
