import type { FastifyInstance, FastifyReply } from 'fastify';
import { randomUUID } from 'node:crypto';
import { addAccess } from './access.ts';
import { addAnswers } from './answers.ts';
import type { AppContext } from './context.ts';
import { readJson } from './json-body.ts';
import { openApi } from './openapi.ts';
import { addPage } from './page.ts';
import { problemOf, rawProblem, sendProblem } from './problem.ts';

/** The HTTP side of a server, without a port yet. */
export async function openApp(context: AppContext): Promise<FastifyInstance> {
  const { options, served, isStopping } = context;
  const { fastify, LogController } = await import('fastify');
  const app = fastify({
    logger: { level: options.log.level, base: null, stream: { write: (line: string) => options.log.write(line) } },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'id' }),
    genReqId: () => randomUUID(),
    bodyLimit: options.maxBodyBytes,
    requestTimeout: options.timeoutMs,
    connectionTimeout: options.timeoutMs + QUIET_MS,
    return503OnClosing: false,
    http: {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: Math.min(HEADERS_MS, options.timeoutMs),
      connectionsCheckingInterval: CHECK_MS,
    },
    clientErrorHandler(error, socket) {
      if (!socket.writable) return void socket.destroy();
      const problem = connectionProblem((error as NodeJS.ErrnoException).code);
      context.metrics.refused(problem.code);
      socket.end(rawProblem(problem), () => socket.destroy());
    },
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, readJson);
  app.addHook('onSend', async (_, reply) => {
    if (isStopping()) void reply.header('connection', 'close');
  });
  addAccess(app, context);
  addAnswers(app, context);
  addPage(app);
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_, reply) => {
    if (isStopping()) return notReady(reply, 'the server is stopping');
    return served().batcher.isReady() ? { status: 'ready' } : notReady(reply, 'the model broke down and is being opened again');
  });
  app.get('/metrics', async (_, reply) => reply.type(context.metrics.contentType).send(await context.metrics.text()));
  app.get('/openapi.json', async () => openApi(served().model, options, options.token !== null));
  app.get('/v1/model', async () => {
    const { name, digest, facts } = served().model;
    return { name, digest, ...facts };
  });
  return app;
}

/** A head that takes longer than this is no head. */
const HEADERS_MS = 10_000;
/** Between two looks for connections that are too slow. */
const CHECK_MS = 1000;
const MOST_HEADER_BYTES = 16 * 1024;
const MOST_CONNECTIONS = 4096;
/** For how long a connection may be quiet beyond the time that a request may take. */
const QUIET_MS = 60_000;

function notReady(reply: FastifyReply, detail: string): FastifyReply {
  return sendProblem(reply, problemOf(503, 'not-ready', detail), { 'retry-after': 1 });
}

/** Of a connection on which no request could be read. */
function connectionProblem(code: string | undefined) {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problemOf(431, 'headers-too-large', `the headers take more than ${MOST_HEADER_BYTES} bytes`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problemOf(408, 'request-timeout', 'the request did not arrive in time');
    default:
      return problemOf(400, 'invalid-request', 'the request is not HTTP');
  }
}
