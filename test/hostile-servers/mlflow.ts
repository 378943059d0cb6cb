import type { IncomingMessage, ServerResponse } from 'node:http';
import { OrtrainError } from '../../src/core/errors.ts';
import { trackingServer, type TrackingServer } from '../../src/tracking/mlflow/server.ts';
import { syncRun } from '../../src/tracking/mlflow/sync.ts';
import { madeRun } from '../tracking/mlflow/journals.ts';
import { bomb, endless, heavyPages, loginPage, trickle } from './answers.ts';
import { listening } from './hub.ts';

const PASSWORD = 'geheim-of-the-hostile-servers';

/** A tracking server that does one thing wrong, and what a person is told by `pipeline sync`. */
export interface TrackingCase {
  readonly name: string;
  answer(request: IncomingMessage, response: ServerResponse, count: number): void;
  readonly says: RegExp;
}

const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): TrackingCase['answer'] =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const text =
  (status: number, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): TrackingCase['answer'] =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body);
/** Right about the experiment, and then so. */
const later =
  (then: TrackingCase['answer']): TrackingCase['answer'] =>
  (request, response, count) =>
    request.url?.includes('/experiments/') === true
      ? json(200, { experiment: { experiment_id: '1', lifecycle_stage: 'active' } })(request, response, count)
      : then(request, response, count);
const NO_MLFLOW = /not as MLflow does/;

export const trackingCases: readonly TrackingCase[] = [
  ...heavyPages.map((page, i): TrackingCase => ({ name: `a heavy error page, ${i}`, answer: text(503, page), says: /answered 503/ })),
  ...heavyPages.map((page, i): TrackingCase => ({ name: `a heavy refusal, ${i}`, answer: text(403, page), says: /answered 403/ })),
  { name: 'a heavy message in JSON', answer: json(400, { error_code: 'X'.repeat(1e6), message: ' <'.repeat(1e6) }), says: /answered 400/ },
  ...[
    null,
    [],
    'yes',
    7,
    { experiment: null },
    { experiment: {} },
    { experiment: { experiment_id: 7, lifecycle_stage: 'active' } },
    { experiment: { experiment_id: "1' OR '", lifecycle_stage: 'active' } },
  ].map((body): TrackingCase => ({ name: `the answer ${JSON.stringify(body)}`, answer: json(200, body), says: NO_MLFLOW })),
  ...[
    null,
    { runs: null },
    { runs: [null] },
    { runs: [{ info: null }] },
    { runs: [{ info: { run_id: '../../x', status: 'RUNNING' } }] },
    { runs: {} },
    { run: { info: 'x' } },
  ].map((body): TrackingCase => ({ name: `the later answer ${JSON.stringify(body)}`, answer: later(json(200, body)), says: NO_MLFLOW })),
  {
    name: 'pages of runs without end',
    answer: later((request, response) => void response.end(JSON.stringify({ runs: [], next_page_token: String(request.url) }))),
    says: /not as MLflow does: the answer.run is missing/,
  },
  {
    name: 'an experiment that is there and is not',
    answer: (request, response, count) =>
      json(request.method === 'GET' ? 404 : 400, {
        error_code: request.method === 'GET' ? 'RESOURCE_DOES_NOT_EXIST' : 'RESOURCE_ALREADY_EXISTS',
        message: '',
      })(request, response, count),
    says: /RESOURCE_ALREADY_EXISTS/,
  },
  {
    name: 'an answer without end',
    answer: (_request, response) => void endless(response.writeHead(200), Buffer.alloc(65536, '[')),
    says: /sent more than 64 MB/,
  },
  {
    name: 'an error without end',
    answer: (_request, response) => void endless(response.writeHead(500), Buffer.alloc(65536, '<')),
    says: /answered 500/,
  },
  { name: 'a packed gigabyte', answer: text(200, bomb(), { 'content-encoding': 'gzip' }), says: /sent more than 64 MB/ },
  { name: 'a packed gigabyte for an error', answer: text(401, bomb('<'), { 'content-encoding': 'gzip' }), says: /answered 401/ },
  { name: 'no answer', answer: () => {}, says: /did not answer within/ },
  {
    name: 'a byte from time to time',
    answer: (_request, response) => void trickle(response.writeHead(200), 50),
    says: /did not answer within/,
  },
  {
    name: 'a login page',
    answer: text(200, loginPage, { 'content-type': 'text/html' }),
    says: /not as MLflow does: it is not JSON \(Sign in Hotel network/,
  },
  {
    name: 'a redirect with the password to another server',
    answer: text(302, '', { location: 'http://127.0.0.1:1/login?to=x' }),
    says: /The server has moved/,
  },
  { name: 'a wish to be left alone for a year', answer: text(429, '', { 'retry-after': '31536000' }), says: /next attempt in/ },
  { name: 'a wish that is no time', answer: text(503, '', { 'retry-after': '-1e999' }), says: /answered 503/ },
  {
    name: 'an answer that is no HTTP',
    answer: (_request, response) => void response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'),
    says: /cannot be reached/,
  },
  {
    name: 'a head of a megabyte',
    answer: (_request, response) => void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1e6)}\r\n\r\n`),
    says: /cannot be reached/,
  },
  {
    name: 'a length that is not that of the body',
    answer: (_request, response) => void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{}'),
    says: /cannot be reached/,
  },
  {
    name: 'the password in an error',
    answer: (request, response) =>
      void response
        .writeHead(403)
        .end(
          `not for ${request.headers.authorization} ${Buffer.from((request.headers.authorization ?? '').slice(6), 'base64').toString()}`,
        ),
    says: /answered 403/,
  },
  { name: 'signs that move the cursor', answer: text(403, 'no \u001b[2J\u0007 way'), says: /answered 403: no \ufffd\[2J\ufffd way/ },
];

const MOST_CPU_SECONDS = 15;

/** What is wrong with how a run is sent to a server that behaves as a case says; empty where nothing is. */
export async function againstTracking({ answer, says }: TrackingCase, folder: string): Promise<readonly string[]> {
  let count = 0;
  const hostile = await listening((request, response) => {
    request.resume();
    answer(request, response, (count += 1));
  });
  const { folder: run } = await madeRun(folder, { set: ['tracking.mlflow.experiment=x'] });
  const server = trackingServer(hostile.uri.replace('//', `//someone:${PASSWORD}@`), {}, folder) as TrackingServer;
  const began = process.cpuUsage();
  const error: unknown = await syncRun(run, server, { env: {}, signal: new AbortController().signal, firstMs: 1, answerMs: 2000 }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { user, system } = process.cpuUsage(began);
  await hostile.close();
  if (!(error instanceof OrtrainError))
    return [error instanceof Error ? `it threw ${error.stack ?? error.message}` : 'everything was sent'];
  const said = `${error.message}\n${error.remedy ?? ''}`;
  return [
    ...(says.test(said) ? [] : [`it said: ${said}`]),
    ...(error.code === 'environment' ? [] : [`its code was ${error.code}`]),
    ...(said.length > 1000 ? ['it said more than anybody reads'] : []),
    ...(said.includes(PASSWORD) ? ['it told the password'] : []),
    ...(/Cannot read propert|is not a function/.test(said) ? [`it told of JavaScript: ${said}`] : []),
    ...(count > 100 ? [`it took ${count} requests`] : []),
    ...(user + system > MOST_CPU_SECONDS * 1e6 ? [`it took ${(user + system) / 1e6} s of the processor`] : []),
  ];
}
