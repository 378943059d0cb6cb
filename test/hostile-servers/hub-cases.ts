import type { IncomingMessage, ServerResponse } from 'node:http';
import { bomb, endless, heavyPages, loginPage, trickle } from './answers.ts';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';
export const TOKEN = 'hf_secretOfTheHostileServers';

/** A hub that does one thing wrong, and what a person is told. */
export interface HubCase {
  readonly name: string;
  /** True where it has answered; what it leaves is answered as a hub does. */
  answer(request: IncomingMessage, response: ServerResponse, asked: Asked): boolean;
  /** Of message and remedy together; null where the model arrives all the same. */
  readonly says: RegExp | null;
  readonly code?: 'data' | 'environment' | 'interrupted';
  /** In front of the hub's path, as of a mirror. */
  readonly path?: string;
  /** More requests than this are an attack on the hub. */
  readonly mostRequests?: number;
}

export interface Asked {
  readonly file: string;
  readonly isProbe: boolean;
  readonly start: number;
  readonly count: number;
  /** The address of another server, which notes what it is told. */
  readonly elsewhere: string;
  readonly content: Buffer;
}

const head = (
  content: { readonly length: number },
  more: Readonly<Record<string, string | number>> = {},
): Record<string, string | number> => ({
  etag: '"0123456789012345678901234567890123456789"',
  'x-repo-commit': COMMIT,
  'content-range': `bytes 0-0/${content.length}`,
  ...more,
});
const only =
  (
    file: string,
    answer: (response: ServerResponse, asked: Asked, request: IncomingMessage) => void,
    part: 'probe' | 'content' | 'all' = 'all',
  ): HubCase['answer'] =>
  (request, response, asked) => {
    if (asked.file !== file || (part === 'probe' && !asked.isProbe) || (part === 'content' && asked.isProbe)) return false;
    answer(response, asked, request);
    return true;
  };
const status =
  (code: number, body = '', headers: Readonly<Record<string, string>> = {}): HubCase['answer'] =>
  (_request, response) => {
    response.writeHead(code, headers).end(body);
    return true;
  };
const WEIGHTS = 'model.safetensors';

export const hubCases: readonly HubCase[] = [
  { name: 'a hub that is none the worse', answer: () => false, says: null },
  { name: 'a mirror under a path', path: '/mirror/hf', answer: () => false, says: null },

  {
    name: 'a small file that never ends',
    answer: only(
      'config.json',
      (response, { content }) => void endless(response.writeHead(200, head(content)), Buffer.alloc(65536, ' ')),
      'content',
    ),
    says: /sends more of config.json than the \d+ bytes that it announced/,
  },
  {
    name: 'a small file of a terabyte',
    answer: only('config.json', (response) => void response.writeHead(206, head({ length: 1e12 })).end('{'), 'probe'),
    says: /announces 1\.0 TB for config.json/,
  },
  {
    name: 'weights of an exabyte',
    answer: only(WEIGHTS, (response) => void response.writeHead(206, head({ length: 1e15 })).end('{'), 'probe'),
    says: /are free in/,
  },
  {
    name: 'a length that is no number',
    answer: only(
      'config.json',
      (response) => void response.writeHead(206, { ...head({ length: 1 }), 'content-range': 'bytes 0-0/1e999' }).end('{'),
      'probe',
    ),
    says: /does not say how long config.json is/,
  },
  {
    name: 'a description that never ends',
    answer: (request, response, { file }) => {
      if ((request.url ?? '').includes('/api/'))
        return (endless(response.writeHead(200, { 'content-type': 'application/json' }), Buffer.alloc(65536, '[')), true);
      if (file !== 'config.json') return false;
      response.writeHead(206, { etag: '"x"', 'content-range': 'bytes 0-0/21' }).end('{');
      return true;
    },
    says: /sent more than 16 MB where a short answer belongs/,
  },
  {
    name: 'a description of null',
    answer: (request, response, { file }) => {
      if ((request.url ?? '').includes('/api/')) return (response.writeHead(200).end('null'), true);
      if (file !== 'config.json') return false;
      response.writeHead(206, { etag: '"x"', 'content-range': 'bytes 0-0/21' }).end('{');
      return true;
    },
    says: /does not name the commit/,
  },
  {
    name: 'a byte a request',
    answer: only(
      WEIGHTS,
      (response, { content, start }) => {
        response.writeHead(start === 0 ? 200 : 206, {
          ...head(content),
          'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
          'content-length': content.length - start,
        });
        response.write(content.subarray(start, start + 1), () => setTimeout(() => response.destroy(), 5));
      },
      'content',
    ),
    says: /could not be fetched/,
    mostRequests: 30,
  },
  { name: 'a head that never comes', answer: only('config.json', () => {}), says: /did not answer within/ },
  {
    name: 'a content that stops coming',
    answer: only(
      WEIGHTS,
      (response, { content }) => void response.writeHead(200, head(content)).write(content.subarray(0, 1000)),
      'content',
    ),
    says: /sent nothing for/,
  },
  {
    name: 'a byte from time to time',
    answer: only(WEIGHTS, (response, { content }) => void trickle(response.writeHead(200, head(content)), 50), 'content'),
    says: /sent \d+ bytes in/,
  },
  {
    name: 'redirects in a circle',
    answer: (request, response) => (response.writeHead(302, { location: request.url ?? '/' }).end(), true),
    says: /redirect count exceeded/,
  },
  {
    name: 'a redirect to another server, which says it is a cache',
    answer: (request, response, { elsewhere }) => (response.writeHead(302, { location: `${elsewhere}${request.url ?? '/'}` }).end(), true),
    says: null,
  },
  { name: 'a redirect to no server', answer: status(302, '', { location: 'http://127.0.0.1:1/' }), says: /ECONNREFUSED|bad port/ },
  {
    name: 'a redirect to a file of this machine',
    answer: status(302, '', { location: 'file:///etc/passwd' }),
    says: /could not be fetched/,
  },
  {
    name: 'a packed gigabyte for a small file',
    answer: only(
      'config.json',
      (response, { content }) => void response.writeHead(200, { ...head(content), 'content-encoding': 'gzip' }).end(bomb()),
      'content',
    ),
    says: /sends more of config.json/,
  },
  {
    name: 'a packed gigabyte for an error',
    answer: status(500, bomb() as unknown as string, { 'content-encoding': 'gzip' }),
    says: /status 500/,
  },
  {
    name: 'a content shorter than announced',
    answer: only(
      WEIGHTS,
      (response, { content, start }) => {
        response
          .writeHead(start === 0 ? 200 : 206, {
            ...head(content),
            'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
          })
          .end(start === 0 ? content.subarray(0, 100) : '');
      },
      'content',
    ),
    says: /connection was closed early/,
  },
  {
    name: 'a content longer than announced',
    answer: only('tokenizer.json', (response, { content }) => void response.writeHead(200).end(`${content.toString()} more`), 'content'),
    says: /sends more of tokenizer.json/,
  },
  {
    name: 'a length in the head that is not that of the body',
    answer: only(
      'config.json',
      (response, { content }) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\netag: "x"\r\ncontent-length: ${content.length + 50}\r\n\r\n${content.toString()}`);
      },
      'content',
    ),
    says: null,
  },
  {
    name: 'no ranges at all',
    answer: only('config.json', (response, { content }) => void response.writeHead(200, { etag: '"x"' }).end(content)),
    says: /does not say how long config.json is: it ignores ranges/,
  },
  {
    name: 'no continuation of broken downloads',
    answer: only(
      WEIGHTS,
      (response, { content, count }) => {
        response.writeHead(200, head(content));
        if (count > 1) response.end(content);
        else response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
      },
      'content',
    ),
    says: null,
  },
  {
    name: 'a continuation from another place',
    answer: only(
      WEIGHTS,
      (response, { content, start }) => {
        response.writeHead(start === 0 ? 200 : 206, {
          ...head(content),
          'content-range': `bytes ${start === 0 ? 0 : 7}-${content.length - 1}/${content.length}`,
        });
        response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
      },
      'content',
    ),
    says: /continues model.safetensors at byte 7/,
  },
  {
    name: 'no ETag',
    answer: only(
      'config.json',
      (response, { content }) =>
        void response.writeHead(206, { 'content-range': `bytes 0-0/${content.length}`, 'x-repo-commit': COMMIT }).end('{'),
      'probe',
    ),
    says: /sends no ETag/,
  },
  {
    name: 'ETags that lead out of the cache, are too long, and the same for all',
    answer: (_request, response, { isProbe, content }) => {
      response.writeHead(isProbe ? 206 : 200, head(content, { etag: `"../../../../${'x'.repeat(5000)}"` })).end(isProbe ? '{' : content);
      return true;
    },
    says: null,
  },
  {
    name: 'the same hash for all contents',
    answer: (_request, response, { isProbe, content }) => (
      response.writeHead(isProbe ? 206 : 200, head(content)).end(isProbe ? '{' : content),
      true
    ),
    says: null,
  },
  {
    name: 'a commit that leads out of the cache',
    answer: only(
      'config.json',
      (response, { content }) => void response.writeHead(206, { ...head(content), 'x-repo-commit': '../../../escaped' }).end('{'),
      'probe',
    ),
    says: /names a commit that the model .* does not have/,
  },
  ...['../../../../../escaped.safetensors', '/escaped.safetensors', 'a/../../b.safetensors', '..\\escaped.safetensors'].map(
    (shard): HubCase => ({
      name: `weights in a file called ${shard}`,
      answer: (_request, response, { file, isProbe }) => {
        const index = JSON.stringify({ metadata: {}, weight_map: { a: shard } });
        if (file === WEIGHTS) return (response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end(), true);
        if (file !== 'model.safetensors.index.json') return false;
        response.writeHead(isProbe ? 206 : 200, head(index, { etag: '"y"' })).end(isProbe ? '{' : index);
        return true;
      },
      says: /escaped|b\.safetensors|index/,
      code: 'data',
    }),
  ),
  {
    name: 'a login page for everything',
    answer: status(200, loginPage, { 'content-type': 'text/html; charset=utf-8' }),
    says: /answered with a web page: Sign in Hotel network Please sign in/,
  },
  {
    name: 'a login page as a configuration',
    answer: only('config.json', (response) => void response.writeHead(200, head({ length: loginPage.length })).end(loginPage), 'content'),
    says: /sends (something else for|more of) config.json/,
  },
  {
    name: 'a page as long as the configuration',
    answer: only(
      'config.json',
      (response, { content }) => void response.writeHead(200, head(content)).end('<'.repeat(content.length)),
      'content',
    ),
    says: /sends something else for config.json, which begins with "</,
  },
  ...heavyPages.map((page, i): HubCase => ({ name: `a heavy error page, ${i}`, answer: status(503, page), says: /status 503/ })),
  { name: 'a heavy page with 200', answer: status(200, heavyPages[0], { 'content-type': 'text/html' }), says: /web page/ },
  { name: 'JSON that is null for an error', answer: status(500, 'null', { 'content-type': 'application/json' }), says: /status 500/ },
  { name: '401', answer: status(401), says: /refuses access to the model .* token in HF_TOKEN is valid/s, code: 'data' },
  { name: '403', answer: status(403, 'gated', { 'x-error-code': 'GatedRepo' }), says: /conditions are accepted at http/, code: 'data' },
  { name: '404', answer: status(404), says: /no model of that name/, code: 'data' },
  {
    name: '429',
    answer: status(429, '', { 'retry-after': '3000' }),
    says: /refused further requests for now \(429\).*Run again in 50 min/s,
    mostRequests: 1,
  },
  {
    name: '429 for a second',
    answer: (_request, response, { count }) => (count > 1 ? false : (response.writeHead(429, { 'retry-after': '1' }).end(), true)),
    says: null,
  },
  { name: '503 once', answer: (_request, response, { count }) => (count > 1 ? false : (response.writeHead(503).end(), true)), says: null },
  {
    name: 'a body that is missing',
    answer: only('config.json', (response, { content }) => void response.writeHead(204, head(content)).end(), 'content'),
    says: /sent nothing for config.json/,
  },
  {
    name: 'an answer that is no HTTP',
    answer: (_request, response) => (response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'), true),
    says: /could not be fetched/,
  },
  {
    name: 'a head of a megabyte',
    answer: (_request, response) => (response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1e6)}\r\n\r\n`), true),
    says: /could not be fetched/,
  },
  {
    name: 'the token in an error',
    answer: (request, response) => (
      response
        .writeHead(500, { 'x-error-message': request.headers.authorization ?? '' })
        .end(`not for ${request.headers.authorization ?? ''}`),
      true
    ),
    says: /status 500/,
  },
];
