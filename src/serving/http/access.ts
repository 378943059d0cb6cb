import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { OrtrainError } from '../../core/errors.ts';
import { routeOf, type AppContext } from './context.ts';
import { problemOf, sendProblem, type ProblemCode, type ProblemDetails } from './problem.ts';

/** Paths that nobody is asked for a token at: probes, and the page, which says nothing of the model. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/', '/try.js', '/try.css']);

/** Who gets in, what is said of a request that goes wrong, and what is noted of each. */
export function addAccess(app: FastifyInstance, { options, metrics }: AppContext): void {
  const isAllowed = tokenCheck(options.token);
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({ ...SAFE_HEADERS, 'x-request-id': request.id });
    // A path that is not there is not told apart from one that is.
    if (OPEN_PATHS.has(routeOf(request)) || isAllowed(request.headers.authorization)) return undefined;
    metrics.refused('unauthorized');
    return sendProblem(reply, problemOf(401, 'unauthorized', 'the header Authorization has no valid bearer token'), {
      'www-authenticate': 'Bearer',
    });
  });
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode, elapsedTime } = reply;
    metrics.request(routeOf(request), statusCode, elapsedTime / 1000);
    const noted = {
      method: request.method,
      path: pathOf(request),
      status: statusCode,
      ms: Math.round(elapsedTime * 1000) / 1000,
      client: request.ip,
      ...request.noted,
    };
    request.log[statusCode >= 500 ? 'warn' : 'info'](noted, 'request');
  });
  app.setNotFoundHandler((request, reply) => {
    const methods = METHODS[pathOf(request)];
    if (methods === undefined) return sendProblem(reply, problemOf(404, 'not-found', 'there is nothing at this path'));
    const detail = `this path takes ${methods} only`;
    return sendProblem(reply, problemOf(405, 'method-not-allowed', detail), { allow: methods });
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = errorProblem(error, options.maxBodyBytes);
    if (problem.status >= 500) request.log.error({ error: messageOf(error), stack: stackOf(error) }, 'a request failed');
    metrics.refused(problem.code);
    return sendProblem(reply, problem, problem.status === 413 ? { connection: 'close' } : {});
  });
}

/** Nothing of an answer is to be kept, guessed at or framed; only the page says what it may load. */
const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

const READS = 'GET, HEAD';
const METHODS: Readonly<Record<string, string | undefined>> = {
  '/v1/classify': 'POST', '/v1/model': READS, '/healthz': READS, '/readyz': READS, '/metrics': READS, '/openapi.json': READS,
  '/': READS, '/try.js': READS, '/try.css': READS,
};

declare module 'fastify' {
  interface FastifyRequest {
    /** What the log says of it besides. */
    noted?: Readonly<Record<string, unknown>>;
  }
}

/** Digests are compared, so that neither the time nor the length says how near a guess is. */
function tokenCheck(token: string | null): (authorization: string | undefined) => boolean {
  if (token === null) return () => true;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = digest(token);
  return (authorization) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), wanted);
  };
}

/** Without the query, in which anything may stand. */
function pathOf({ url }: FastifyRequest): string {
  return (url.split('?')[0] ?? '').slice(0, MOST_PATH);
}

const MOST_PATH = 200;

function errorProblem(error: unknown, maxBodyBytes: number): ProblemDetails {
  if (error instanceof OrtrainError && error.code === 'data') return problemOf(422, 'unusable-text', error.message);
  const { statusCode = 500, code } = error as { readonly statusCode?: number; readonly code?: string };
  switch (code) {
    case 'invalid-json':
    case 'invalid-utf-8':
    case 'unsupported-media-type':
      return problemOf(statusCode, code satisfies ProblemCode, messageOf(error));
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problemOf(415, 'unsupported-media-type', 'the body is to be application/json');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problemOf(413, 'body-too-large', `the body has more than ${maxBodyBytes} bytes`);
    default:
      return statusCode < 500
        ? problemOf(statusCode, 'invalid-request', messageOf(error))
        : problemOf(500, 'internal-error', 'the request could not be answered; the log says why');
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const stackOf = (error: unknown): string | undefined => (error instanceof Error ? error.stack : undefined);
