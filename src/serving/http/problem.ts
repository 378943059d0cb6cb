import type { FastifyReply } from 'fastify';
import { STATUS_CODES } from 'node:http';

/** What is wrong with a request, or with the server, as RFC 9457 writes it. */
export interface ProblemDetails {
  readonly type: 'about:blank';
  /** The phrase of the status, as the RFC asks of this type. */
  readonly title: string;
  readonly status: number;
  /** A sentence for people. */
  readonly detail: string;
  /** The same for programs. */
  readonly code: ProblemCode;
  /** Where in the body, where it is one place. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

export type ProblemCode =
  | 'invalid-request' | 'invalid-json' | 'invalid-utf-8' | 'invalid-body' | 'unusable-text'
  | 'unauthorized' | 'not-found' | 'method-not-allowed' | 'unsupported-media-type' | 'request-timeout' | 'headers-too-large'
  | 'body-too-large' | 'too-many-texts' | 'text-too-long'
  | 'overloaded' | 'timeout' | 'not-ready' | 'internal-error';

export const PROBLEM_TYPE = 'application/problem+json';

export function problemOf(status: number, code: ProblemCode, detail: string, place?: { readonly pointer: string }): ProblemDetails {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    ...(place === undefined ? {} : { errors: [{ pointer: place.pointer, detail }] }),
  };
}

export function sendProblem(
  reply: FastifyReply,
  problem: ProblemDetails,
  headers: Readonly<Record<string, string | number>> = {},
): FastifyReply {
  return reply.code(problem.status).headers(headers).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
}

/** A whole answer as HTTP/1.1 writes it, for a connection on which no request could be read; nothing else follows on it. */
export function rawProblem(problem: ProblemDetails): string {
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
