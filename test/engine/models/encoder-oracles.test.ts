import { describe } from 'vitest';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { comparesWith } from './encoder-oracle.ts';

// The oracles' README: forward and gradients 1e-5, losses 1e-4, final norms 3e-4, final sums 1.5e-3.
const TOLERANCES = { forward: 1e-5, loss: 1e-4, finalNorm: 3e-4, finalSum: 1.5e-3 };

const place = ['oracles2', 'encoders'] as const;

describeShared('encoders against Transformers', place, () => {
  describe.each(['xlm-roberta', 'xlm-roberta-binary', 'camembert', 'electra', 'electra-same', 'mpnet', 'albert'])('%s', (name) =>
    comparesWith(sharedPath(...place) as string, name, TOLERANCES),
  );

  describe.each(['deberta-v3', 'deberta-v3-long', 'deberta-v2', 'deberta-v3-regression'])('%s', (name) =>
    comparesWith(sharedPath(...place) as string, name, TOLERANCES),
  );

  // Hidden states 3e-5: they are not normalized, and PyTorch's own float32 run is 1e-5 away.
  describe.each(['modernbert', 'modernbert-mean'])('%s', (name) =>
    comparesWith(sharedPath(...place) as string, name, { ...TOLERANCES, hidden: 3e-5 }),
  );
});
