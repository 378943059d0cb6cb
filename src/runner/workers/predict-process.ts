import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interrupted } from '../../core/errors.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import { moduleBeside } from '../../core/threads.ts';
import { saveTokens, type TokenSet } from '../../data/tokens/index.ts';
import type { Predictions } from '../../tasks/index.ts';
import { deviceVariables } from '../machine/devices.ts';
import { answerOf, lastWordsOf, openProcess, processEnd } from './worker.ts';
import type { PredictionMessage, PredictionOrder } from './protocol.ts';

/**
 * The mean of the models' predictions, in a process that is there for this alone: a GPU's driver that breaks down does not end the
 * command, and CUDA's libraries are found when a process starts or not at all. Tokens travel in a file, predictions as they are.
 * Throws `interrupted` as soon as `signal` is aborted.
 */
export async function predictionsInProcess(
  { tokens, ...order }: Omit<PredictionOrder, 'tokens'> & { readonly tokens: TokenSet },
  signal: AbortSignal | undefined,
  listen: Listener<StageEvent>,
): Promise<Predictions> {
  if (signal?.aborted === true) throw interrupted();
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-predict-'));
  const file = join(folder, 'texts.tokens');
  const child = openProcess(moduleBeside(import.meta.url, 'predict-worker'), { ...process.env, ...deviceVariables(order.device) });
  const exit = once(child, 'exit').catch(() => {}); // one that could not be started has its own error
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  try {
    saveTokens(file, tokens);
    const lastWords = lastWordsOf(child);
    const answer = answerOf<Extract<PredictionMessage, { type: 'done' }>>(child, listen, (code, endedBy) =>
      signal?.aborted === true
        ? interrupted()
        : processEnd('predict', child.pid, code, endedBy, lastWords(), 'Try again, or use --device cpu.'),
    );
    child.send({ ...order, tokens: file } satisfies PredictionOrder, () => {}); // where it has ended already, the answer says so
    return (await answer).predictions;
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
    if (child.pid !== undefined) await exit;
    rmSync(folder, { recursive: true, force: true });
  }
}
