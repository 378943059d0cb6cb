import type { FastifyInstance } from 'fastify';
import { segmentsOf } from '../../data/texts/index.ts';
import type { AppContext } from './context.ts';
import { textsOfBody } from './body.ts';
import { problemOf, sendProblem } from './problem.ts';

/** `POST /v1/classify`. */
export function addAnswers(app: FastifyInstance, { options, metrics, served }: AppContext): void {
  app.post('/v1/classify', async (request, reply) => {
    // A model that takes its place later does not answer a part of these texts.
    const { model, batcher } = served();
    const texts = textsOfBody(request.body, model.pairs, options);
    if (!isList(texts)) {
      metrics.refused(texts.code);
      return sendProblem(reply, texts);
    }
    const characters = texts.reduce((sum, text) => sum + segmentsOf(text).reduce((all, { length }) => all + length, 0), 0);
    request.noted = { texts: texts.length, characters, ...(options.logTexts ? { content: texts } : {}) };
    const control = new AbortController();
    const timer = setTimeout(() => control.abort(), options.timeoutMs);
    reply.raw.once('close', () => control.abort());
    try {
      const answers = await batcher.submit(texts, control.signal);
      if (!('refused' in answers)) return { model: { name: model.name, digest: model.digest }, predictions: answers };
      if (answers.refused === 'aborted') {
        metrics.refused(reply.raw.destroyed ? 'connection-closed' : 'timeout');
        const detail = `the texts were not classified within ${options.timeoutMs / 1000} s`;
        return await sendProblem(reply, problemOf(503, 'timeout', detail), { 'retry-after': AFTER_TIMEOUT_SECONDS });
      }
      metrics.refused('overloaded');
      return await sendProblem(reply, problemOf(503, 'overloaded', 'too many texts wait for the model'), {
        'retry-after': answers.retryAfterSeconds,
      });
    } finally {
      clearTimeout(timer);
    }
  });
}

const AFTER_TIMEOUT_SECONDS = 5;

function isList<T, O>(value: readonly T[] | O): value is readonly T[] {
  return Array.isArray(value);
}
