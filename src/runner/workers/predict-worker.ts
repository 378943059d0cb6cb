import { packError } from '../../core/packed-errors.ts';
import { loadTokens } from '../../data/tokens/index.ts';
import { ensemblePredictions } from '../../training/index.ts';
import type { PredictionMessage, PredictionOrder } from './protocol.ts';

/*
 * The main module of a process that predicts and ends. It holds nothing that could be lost, so whoever no longer wants its answer
 * kills it; signals that a terminal sends to all its processes are for that one.
 */

const die = (): void => void process.kill(process.pid, 'SIGKILL');

const send = (message: PredictionMessage): void => void process.send?.(message, undefined, undefined, () => {});

process.on('SIGINT', () => {}).on('SIGTERM', () => {});
process.on('disconnect', die);
if (!process.connected) die();

process.on('message', ({ models, tokens, ...options }: PredictionOrder) => {
  const input = { kind: 'tokens', tokens: loadTokens(tokens) } as const;
  ensemblePredictions(models, input, options, (done, total) =>
    send({ type: 'event', event: { type: 'progress', done, total, unit: 'texts' } }),
  ).then(
    (predictions) => send({ type: 'done', predictions }),
    (error: unknown) => send({ type: 'failed', error: packError(error) }),
  );
});
