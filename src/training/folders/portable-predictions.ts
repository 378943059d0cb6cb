import type { TokenSet } from '../../data/tokens/index.ts';
import type { Predictions, Task } from '../../tasks/index.ts';
import { openPortable } from '../models/opened-model.ts';

/**
 * What an exported file says about texts.
 *
 * @param onProgress hears of rows; may throw to stop
 */
export async function portablePredictions(
  file: string,
  tokens: TokenSet,
  published: Task['published'],
  { threads, batchSize }: { readonly threads: number; readonly batchSize: number },
  onProgress: (done: number) => void,
): Promise<Predictions> {
  const model = await openPortable(file, published, { device: 'cpu', threads });
  try {
    return await model.predict(tokens, batchSize, onProgress);
  } finally {
    await model.release();
  }
}
