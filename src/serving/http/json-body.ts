import type { FastifyRequest } from 'fastify';

/** An error with which a parser of fastify's ends a request. */
export interface BodyError extends Error {
  readonly statusCode: number;
  readonly code: 'invalid-json' | 'invalid-utf-8' | 'unsupported-media-type';
}

/** Reads a body as JSON in UTF-8, to the letter: a byte that is no UTF-8 is an error, and not some other character. */
export function readJson(request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(type) ?? [];
  if (!/^utf-?8$/i.test(charset)) return done(bodyError(415, 'unsupported-media-type', 'the body is to be in UTF-8'));
  if (encoding !== 'identity')
    return done(bodyError(415, 'unsupported-media-type', 'the body is compressed, which this server does not read'));
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return done(bodyError(400, 'invalid-utf-8', 'the body is not in UTF-8'));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return done(bodyError(400, 'invalid-json', 'the body is not JSON')); // the parser's own words hold a piece of the text
  }
  done(null, value);
}

function bodyError(statusCode: number, code: BodyError['code'], message: string): BodyError {
  return Object.assign(new Error(message), { statusCode, code });
}
