import { packError } from '../../core/packed-errors.ts';
import { holdModels, type HeldModels } from './held-models.ts';
import type { ClassifierAnswer, ClassifierRequest } from './protocol.ts';

/*
 * The main module of a process that holds models and classifies texts, one list after the other, until it is told no more. It holds
 * nothing that could be lost: whoever started it kills it, and it dies with that process. Signals that a terminal sends to all its
 * processes are for that one.
 */

const die = (): void => void process.kill(process.pid, 'SIGKILL');

const send = (message: ClassifierAnswer): void => void process.send?.(message, undefined, undefined, () => {});

process.on('SIGINT', () => {}).on('SIGTERM', () => {});
process.on('disconnect', die);
if (!process.connected) die();

let held: Promise<HeldModels> | undefined;
let last: Promise<void> = Promise.resolve();
const cancelled = new Set<number>();

process.on('message', (request: ClassifierRequest) => {
  switch (request.type) {
    case 'open':
      held = holdModels(request);
      held.then(
        () => send({ type: 'opened' }),
        (error: unknown) => send({ type: 'not-opened', error: packError(error) }),
      );
      break;
    case 'classify':
      last = last.then(() => classify(request));
      break;
    case 'cancel':
      cancelled.add(request.id);
      break;
  }
});

async function classify({ id, texts }: Extract<ClassifierRequest, { type: 'classify' }>): Promise<void> {
  try {
    const predictions = await (await held)?.classify(texts, () => cancelled.has(id));
    if (predictions !== undefined) send({ type: 'classified', id, predictions });
  } catch (error) {
    send({ type: 'failed', id, error: packError(error) });
  } finally {
    cancelled.delete(id);
  }
}
