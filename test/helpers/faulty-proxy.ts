import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What befalls a request: refused with 500, its connection cut before it arrives or after it was carried out, or answered late. */
export type Mishap = 'error' | 'cut' | 'lost' | 'slow';

export interface FaultyProxy {
  readonly uri: string;
  /** How often each befell. */
  readonly mishaps: Readonly<Record<Mishap, number>>;
  close(): Promise<void>;
}

const SLOW_MS = 300;

/** Stands between a client and a real server, and lets happen to each request what `befalls` says. */
export async function faultyProxy(target: string, befalls: () => Mishap | undefined): Promise<FaultyProxy> {
  const mishaps = { error: 0, cut: 0, lost: 0, slow: 0 };
  const server = createServer((incoming, response) => {
    const mishap = befalls();
    if (mishap !== undefined) mishaps[mishap] += 1;
    if (mishap === 'cut') return void incoming.socket.destroy();
    if (mishap === 'error') {
      incoming.resume();
      return void response.writeHead(500, { 'content-type': 'text/html' }).end('<title>500 Internal Server Error</title>');
    }
    pass(incoming, target, (answer) => {
      if (mishap === 'lost') {
        answer.resume();
        return void incoming.socket.destroy();
      }
      if (mishap === 'slow') return void setTimeout(() => deliver(answer, response), SLOW_MS);
      deliver(answer, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    uri: `http://127.0.0.1:${port}`,
    mishaps,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(incoming: IncomingMessage, target: string, answered: (answer: IncomingMessage) => void): void {
  const { host: _, ...headers } = incoming.headers;
  const outgoing = ask(new URL(incoming.url ?? '/', target), { method: incoming.method, headers }, answered);
  outgoing.on('error', () => incoming.socket.destroy());
  incoming.pipe(outgoing);
}

function deliver(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
}
