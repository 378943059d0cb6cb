import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { OrtrainError } from '../../src/core/errors.ts';
import { resolveModel } from '../../src/data/hub/hub.ts';
import { COMMIT, TOKEN, type HubCase } from './hub-cases.ts';

const files: Readonly<Record<string, Buffer>> = {
  'config.json': Buffer.from('{"model_type":"bert"}'),
  'tokenizer.json': Buffer.from('{"model":{},"more":1}'),
  'model.safetensors': Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251)),
};

/** Fast enough for a test, slow enough for a machine that has other work. */
const limits = { headMs: 1500, idleMs: 1500, slowMs: 1000, minBytes: 1000 };

/** What is wrong with how a model is fetched from a hub that behaves as a case says; empty where nothing is. */
export async function againstHub(
  { answer, says, code = 'environment', path = '', mostRequests = 200 }: HubCase,
  folder: string,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const told: string[] = [];
  const counts = new Map<string, number>();
  let requests = 0;
  const elsewhere = await listening((request, response) => {
    told.push(JSON.stringify(request.headers));
    response.setHeader('x-cache', 'Hit from cloudfront');
    asHub(request.url ?? '', request.headers.range, response);
  });
  const hub = await listening((request, response) => {
    requests += 1;
    const url = (request.url ?? '').slice(path.length);
    const isProbe = request.headers.range === 'bytes=0-0';
    const file = decodeURIComponent(url.split('/').slice(5).join('/'));
    const key = `${file} ${isProbe}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const asked = {
      file,
      isProbe,
      start,
      count: counts.get(key) ?? 0,
      elsewhere: elsewhere.uri,
      content: files[file] ?? Buffer.from('{}'),
    };
    const isKnown = files[file] !== undefined || file.includes('.safetensors') || !isResolve(url);
    if (isKnown ? !answer(request, response, asked) : !(answer.length < 3 && answer(request, response, asked)))
      asHub(url, request.headers.range, response);
  });
  mkdirSync(folder, { recursive: true });
  const cache = join(folder, 'cache');
  const env = { HF_ENDPOINT: `${hub.uri}${path}`, HF_HUB_CACHE: cache, HF_TOKEN: TOKEN, HF_HUB_OFFLINE: '', HF_HOME: folder };
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  Object.assign(process.env, env);
  const began = process.cpuUsage();
  try {
    const found = await resolveModel('org/model', { revision: 'main', weights: true, limits });
    if (says !== null) wrong.push('the model arrived');
    for (const [name, content] of Object.entries(files))
      if (!readFileSync(join(found, name)).equals(content)) wrong.push(`${name} is another`);
  } catch (error) {
    wrong.push(...wrongWith(error, says, code));
  } finally {
    for (const [name, value] of Object.entries(before)) if (value === undefined) delete process.env[name]; else process.env[name] = value;
    await Promise.all([hub.close(), elsewhere.close()]);
  }
  const { user, system } = process.cpuUsage(began);
  if (user + system > MOST_CPU_SECONDS * 1e6) wrong.push(`it took ${(user + system) / 1e6} s of the processor`);
  if (requests > mostRequests) wrong.push(`it took ${requests} requests`);
  if (told.some((heard) => heard.includes(TOKEN))) wrong.push('another server was told the token');
  return [...wrong, ...strays(folder, cache)];
}

const MOST_CPU_SECONDS = 15;

const isResolve = (url: string): boolean => url.startsWith('/org/model/resolve/');

function wrongWith(error: unknown, says: RegExp | null, code: string): readonly string[] {
  if (!(error instanceof OrtrainError)) return [`it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  const text = `${error.message}\n${error.remedy ?? ''}`;
  const all = `${text} ${error.stack ?? ''} ${error.cause instanceof Error ? `${error.cause.message} ${error.cause.stack ?? ''}` : ''}`;
  return [
    ...(says?.test(text) === true ? [] : [`it said: ${text}`]),
    ...(error.code === code ? [] : [`its code was ${error.code}`]),
    ...(all.includes(TOKEN) ? [`it told the token: ${all}`] : []),
    ...(/Cannot (read|set) propert|is not a function|undefined/.test(all.replace(error.stack ?? '', ''))
      ? [`it told of JavaScript: ${text}`]
      : []),
    ...(error.message.length > 1000 ? ['it said more than anybody reads'] : []),
  ];
}

/** As a hub that has the files. */
function asHub(url: string, range: string | undefined, response: import('node:http').ServerResponse): void {
  if (!isResolve(url)) return void response.writeHead(404).end();
  const content = files[url.split('/').slice(5).join('/')];
  if (content === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last === undefined || last === '' ? content.length - 1 : Number(last);
  response.writeHead(range === undefined ? 200 : 206, {
    etag: `"${createHash('sha1').update(content).digest('hex')}"`,
    'x-repo-commit': COMMIT,
    'content-range': `bytes ${start}-${end}/${content.length}`,
  });
  response.end(content.subarray(start, end + 1));
}

/** What was left beside the cache, and links in it that lead out. */
function strays(folder: string, cache: string): readonly string[] {
  const outside = readdirSync(folder).filter((name) => name !== 'cache');
  const inside = existsSync(cache)
    ? readdirSync(cache, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath, entry.name))
    : [];
  const links = inside.filter((path) => lstatSync(path).isSymbolicLink() && !resolve(path, '..', readlinkSync(path)).startsWith(cache));
  const leaks = inside.filter((path) => lstatSync(path).isFile() && readFileSync(path, 'latin1').includes(TOKEN));
  return [
    ...outside.map((name) => `it left ${name} beside the cache`),
    ...links.map((path) => `${path} leads out of the cache`),
    ...leaks.map((path) => `${path} holds the token`),
  ];
}

export interface Listening {
  readonly uri: string;
  close(): Promise<void>;
}

export async function listening(answer: Parameters<typeof createServer>[1]): Promise<Listening> {
  const server: Server = createServer(answer as never).on('clientError', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
