import { tokenLengths, tokensOf, type TokenSet } from '../../data/tokens/index.ts';
import { portableFeeds } from '../../engine/models/index.ts';
import { openModelFile } from '../../engine/runtime/index.ts';
import type { Predictions, Task } from '../../tasks/index.ts';
import { forwardAll } from '../inference.ts';

/**
 * What an exported file says about texts.
 *
 * @param onProgress hears of rows; may throw to stop
 */
export async function portablePredictions(
  file: string,
  tokens: TokenSet,
  { outputs, predict }: Task['published'],
  { threads, batchSize }: { readonly threads: number; readonly batchSize: number },
  onProgress: (done: number) => void,
): Promise<Predictions> {
  const lengths = tokenLengths(tokens);
  const rows = Int32Array.from(lengths, (_, row) => row);
  const session = await openModelFile(file, threads);
  try {
    const source = {
      lengths,
      feeds: (batch: Int32Array, width: number) => portableFeeds(tokensOf(tokens, batch), width, tokens.padId),
    };
    const logits = await forwardAll(
      async (feeds) => {
        const tensors = Object.entries(feeds).map(([name, tensor]) => [name, session.tensor(tensor)] as const);
        const { logits: batch = new Float32Array(0) } = await session.run(Object.fromEntries(tensors));
        return batch;
      },
      source,
      rows,
      outputs,
      batchSize,
      onProgress,
    );
    return predict(logits);
  } finally {
    await session.release();
  }
}
