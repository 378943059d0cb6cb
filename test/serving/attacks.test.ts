import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../../src/serving/index.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { classify, tinyServer, writeTinyModel } from './classifier.ts';

/** Whatever somebody sends, others are answered meanwhile, and it is refused in words. */
let server: Server;
const sockets: Socket[] = [];
const folder = temporaryFolder();

beforeAll(async () => {
  server = await tinyServer(writeTinyModel(join(folder, 'model'), 1), { timeoutMs: 1500 });
});
afterAll(() => server.close());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  // It is as it was.
  expect((await classify(server, { text: 'as ever' })).status).toBe(200);
});

async function open(): Promise<Socket> {
  const { port } = new URL(server.address);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** What comes until the connection is closed. */
async function heard(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (more: string) => (text += more));
  await new Promise((resolve) => socket.once('close', resolve)); // an error comes before it, where more was sent than was read
  return text;
}

/** The longest that others wait for an answer while something is done. */
async function othersWait(meanwhile: Promise<unknown>): Promise<number> {
  let longest = 0;
  const over = new AbortController();
  void meanwhile.then(() => over.abort());
  while (!over.signal.aborted) {
    const start = performance.now();
    expect((await classify(server, { text: 'somebody else' })).status).toBe(200);
    longest = Math.max(longest, performance.now() - start);
    await sleep(5);
  }
  return longest;
}

const HEAD = 'POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

describe('an attack', () => {
  it('by heads that never end is cut off', async () => {
    const slow = Array.from({ length: 50 }, async () => {
      const socket = await open();
      socket.write('POST /v1/classify HTTP/1.1\r\nHost: x\r\n');
      const drip = setInterval(() => socket.write('x-more: y\r\n'), 200);
      const answer = await heard(socket);
      clearInterval(drip);
      return answer;
    });
    const all = Promise.all(slow);
    expect(await othersWait(all)).toBeLessThan(1000);
    for (const answer of await all) expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*application\/problem\+json[^]*"code":"request-timeout"/);
  });

  it('by a body that never ends is cut off', async () => {
    const socket = await open();
    socket.write(`${HEAD}Content-Length: 1000\r\n\r\n{"text":"`);
    const drip = setInterval(() => socket.write('a'), 200);
    expect(await heard(socket)).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
  });

  it('by bodies of 100 MB is refused before they have come', async () => {
    const named = await open();
    named.write(`${HEAD}Content-Length: 104857600\r\n\r\n`);
    expect(await heard(named)).toMatch(/^HTTP\/1\.1 413 [^]*"code":"body-too-large"/);
    const chunked = await open();
    chunked.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const send = (left: number): void => {
      for (; left > 0 && chunked.writable && chunked.write(chunk); left--);
      if (left > 0) chunked.once('drain', () => send(left - 1));
    };
    send(1600);
    const answer = heard(chunked);
    expect(await othersWait(answer)).toBeLessThan(1000);
    // Where more is on its way the system may take the answer back with the connection.
    expect(await answer).toMatch(/^HTTP\/1\.1 413 |^$/);
    expect(chunked.bytesWritten).toBeLessThan(30e6);
  });

  it('by headers without end is refused', async () => {
    const socket = await open();
    socket.write(`${HEAD}${Array.from({ length: 2000 }, (_, i) => `x-${i}: ${'y'.repeat(50)}\r\n`).join('')}\r\n`);
    expect(await heard(socket)).toMatch(/^HTTP\/1\.1 431 [^]*"code":"headers-too-large"/);
  });

  it('by what is not HTTP is refused', async () => {
    const socket = await open();
    socket.write('\u0016\u0003\u0001\u0002\u0000 this is TLS or worse\r\n\r\n');
    expect(await heard(socket)).toMatch(/^HTTP\/1\.1 400 [^]*"code":"invalid-request"/);
  });

  it.each([
    ['lists in lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['objects in objects', `${'{"text":'.repeat(25_000)}1${'}'.repeat(25_000)}`],
    ['a text of lists', `{"text":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ['10,000 texts', JSON.stringify({ texts: Array.from({ length: 10_000 }, () => 'a') })],
    ['a long text', JSON.stringify({ text: 'a'.repeat(200_000) })],
    ['a number without end', `{"text":${'9'.repeat(200_000)}}`],
  ])('by JSON of %s is refused', async (_, body) => {
    const asked = classify(server, body);
    expect(await othersWait(asked)).toBeLessThan(1000);
    expect((await asked).status).toBeOneOf([400, 413]);
  });

  it('by bytes that are no UTF-8 is refused, and half a character is read as predict reads it', async () => {
    for (const bytes of [[0xff, 0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const { status, body } = await classify(server, Buffer.concat([Buffer.from('{"text":"'), Buffer.from(bytes), Buffer.from('"}')]));
      expect([status, body.code]).toEqual([400, 'invalid-utf-8']);
    }
    const half = await classify(server, '{"text":"a \\ud83d b"}');
    expect(half.body.predictions).toEqual((await classify(server, { text: 'a \ufffd b' })).body.predictions);
  });

  it('by members that JavaScript knows is refused', async () => {
    const own = '{"constructor":{"prototype":{"x":1}},"text":"a"}';
    for (const body of ['{"__proto__":{"text":"a"}}', own, '{"text":"a","__proto__":{"x":1}}'])
      expect((await classify(server, body)).body).toMatchObject({ status: 400, code: 'invalid-body' });
  });

  it('by connections that are given up holds up nobody', async () => {
    for (let i = 0; i < 30; i++) {
      const socket = await open();
      const body = JSON.stringify({ texts: Array.from({ length: 20 }, () => 'given up') });
      socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
      socket.destroy();
    }
    const start = performance.now();
    expect((await classify(server, { text: 'me' })).status).toBe(200);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('by requests in one piece, one after the other, is answered in their order', async () => {
    const socket = await open();
    const one = (text: string, last: boolean): string => {
      const body = JSON.stringify({ text });
      return `${HEAD}Content-Length: ${body.length}\r\n${last ? 'Connection: close\r\n' : ''}\r\n${body}`;
    };
    socket.write(Array.from({ length: 20 }, (_, i) => one(`text ${i}`, i === 19)).join(''));
    const answers = [...(await heard(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(answers).toEqual(Array.from({ length: 20 }, () => '200'));
  });
});
