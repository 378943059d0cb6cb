import { packageVersion } from '../../core/package.ts';
import type { JsonSchema, ServedModel } from '../served-model.ts';
import type { BodyLimits } from './body.ts';

/** The interface of a server as OpenAPI 3.1 describes it, with the schema of the model that it serves now. */
export function openApi({ name, pairs, answer }: ServedModel, limits: BodyLimits, needsToken: boolean): JsonSchema {
  const guarded = needsToken ? { security: [{ token: [] }] } : {};
  const text = textSchema(pairs, limits);
  return {
    openapi: '3.1.0',
    info: { title: `ortrain: ${name}`, version: packageVersion(), description: 'Classifies texts.' },
    paths: {
      '/v1/classify': {
        post: {
          operationId: 'classify',
          summary: `Classify ${pairs === true ? 'pairs of texts' : 'texts'}`,
          ...guarded,
          requestBody: { required: true, content: { 'application/json': { schema: requestSchema(text, limits) } } },
          responses: {
            200: { description: 'An answer for each text, in their order', ...json({ $ref: '#/components/schemas/Answers' }) },
            ...problems({
              400: 'The body is not as the schema says, no JSON, or not in UTF-8',
              413: 'The body, the list of texts or a text is too long',
              415: 'The body is not application/json',
              422: 'The model cannot take one of the texts',
              ...unauthorized(needsToken),
              503: 'Too many texts wait, or the request took too long; Retry-After says when to try again',
            }),
          },
        },
      },
      '/v1/model': {
        get: {
          operationId: 'model',
          summary: 'What is served: its task, metrics and digests',
          ...guarded,
          responses: { 200: { description: 'The model', ...json({ type: 'object' }) }, ...problems(unauthorized(needsToken)) },
        },
      },
      '/healthz': { get: { summary: 'Whether the server is alive', responses: { 200: { description: 'It is', ...json(STATUS) } } } },
      '/readyz': {
        get: {
          summary: 'Whether it takes requests',
          responses: {
            200: { description: 'It does', ...json(STATUS) },
            ...problems({ 503: 'Its model is not ready, or it is stopping' }),
          },
        },
      },
      '/metrics': {
        get: {
          summary: 'Metrics for Prometheus',
          ...guarded,
          responses: {
            200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
            ...problems(unauthorized(needsToken)),
          },
        },
      },
    },
    components: {
      schemas: {
        Answers: {
          type: 'object',
          required: ['model', 'predictions'],
          properties: {
            model: { type: 'object', required: ['name', 'digest'], properties: { name: STRING, digest: STRING } },
            predictions: { type: 'array', items: answer },
          },
        },
        Problem: PROBLEM,
      },
      ...(needsToken ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  };
}

/** Of a body: one text, or several. */
export function requestSchema(text: JsonSchema, { maxTexts }: BodyLimits): JsonSchema {
  return {
    type: 'object',
    properties: { text, texts: { type: 'array', items: text, minItems: 1, maxItems: maxTexts } },
    additionalProperties: false,
    oneOf: [{ required: ['text'] }, { required: ['texts'] }],
  };
}

export function textSchema(pairs: boolean | null, { maxCharacters }: BodyLimits): JsonSchema {
  const single = { type: 'string', maxLength: maxCharacters };
  const pair = { type: 'array', items: single, minItems: 2, maxItems: 2 };
  return pairs === null ? { oneOf: [single, pair] } : pairs ? pair : single;
}

const STRING = { type: 'string' };
const STATUS = { type: 'object', required: ['status'], properties: { status: STRING } };

/** RFC 9457. */
const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: STRING,
    title: STRING,
    status: { type: 'integer' },
    detail: STRING,
    code: STRING,
    errors: { type: 'array', items: { type: 'object', properties: { pointer: STRING, detail: STRING } } },
  },
};

function unauthorized(needsToken: boolean): Readonly<Record<number, string>> {
  return needsToken ? { 401: 'The token is missing or wrong' } : {};
}

function json(schema: JsonSchema): JsonSchema {
  return { content: { 'application/json': { schema } } };
}

function problems(descriptions: Readonly<Record<number, string>>): JsonSchema {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(Object.entries(descriptions).map(([status, description]) => [status, { description, content }]));
}
