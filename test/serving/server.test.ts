import Ajv from 'ajv/dist/2020.js';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Text } from '../../src/data/texts/index.ts';
import { ensemblePredictions } from '../../src/training/ensemble.ts';
import { encodeTexts, loadTokenizer } from '../../src/data/tokens/index.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/index.ts';
import { readModelFolder } from '../../src/training/folders/classifier-folder.ts';
import { requestSchema, textSchema } from '../../src/serving/http/openapi.ts';
import { textsOfBody } from '../../src/serving/http/body.ts';
import type { Server } from '../../src/serving/index.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';
import { classify, tinyServer, writeTinyModel, type Said, type TinyServerOptions } from './classifier.ts';

const folder = temporaryFolder();
const model = writeTinyModel(join(folder, 'first'), 1);
const texts = readFileSync(join(root, 'configs/quickstart/test.csv'), 'utf8').split('\n').slice(1, 61);
const started: Server[] = [];
const start = async (path = model, options: TinyServerOptions = {}): Promise<Server> => {
  const server = await tinyServer(path, options);
  started.push(server);
  return server;
};
afterAll(() => Promise.all(started.map((server) => server.close())));

/** What `predict` says: the same models by the way of its own. */
async function predicted(path: string, asked: readonly Text[]): Promise<readonly Said['predictions'][]> {
  const tokens = await encodeTexts(await loadTokenizer(tokenizerFiles(path)), asked, 64);
  const options = { device: 'cpu', threads: 1, batchSize: 64 } as const;
  const objectOf = readModelFolder(path).task.objects(await ensemblePredictions([path], { kind: 'tokens', tokens }, options, () => {}));
  return asked.map((_, row) => objectOf(row)) as unknown as readonly Said['predictions'][];
}

/** Numbers of `Float32Array`s that were added up in another order. */
function near(actual: unknown, expected: unknown): void {
  const rounded = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (_, each: unknown) => (typeof each === 'number' ? Number(each.toFixed(5)) : each));
  expect(rounded(actual)).toEqual(rounded(expected));
}

describe('answers', () => {
  it('are those of predict, one by one, in lists, and from many at a time', async () => {
    const server = await start();
    const expected = await predicted(model, texts);
    const single = await Promise.all(texts.map((text) => classify(server, { text })));
    near(single.map(({ body }) => body.predictions?.[0]), expected);
    const listed = await classify(server, { texts: texts.slice(0, 40) });
    near(listed.body.predictions, expected.slice(0, 40));
    expect(listed.body.model).toEqual({ name: server.model.name, digest: server.model.digest });
  });

  it.each([
    { task: 'classification', classes: ['a', 'b', 'c'] },
    { task: 'multi-label', labels: ['toxic', 'spam'] },
    { task: 'regression', columns: ['score'], mean: [3], sd: [2] },
    { task: 'regression', columns: ['x', 'y'], mean: [3, 1], sd: [2, 1] },
    { task: 'ordinal', grades: ['1', '2', '3'], counts: [5, 5, 5] },
  ])('fit the schema of the task $task of openapi.json', async (description) => {
    const path = writeTinyModel(join(folder, `task-${JSON.stringify(description).length}`), 1, description);
    const server = await start(path, { pairs: null });
    const api = (await (await fetch(`${server.address}/openapi.json`)).json()) as {
      readonly components: { readonly schemas: { readonly Answers: object } };
    };
    const { body } = await classify(server, { texts: ['flood', ['a', 'pair']] });
    const check = new Ajv.default({ strict: true }).compile(api.components.schemas.Answers);
    expect(check(body), JSON.stringify(check.errors)).toBe(true);
    near(body.predictions, await predicted(path, ['flood', ['a', 'pair']]));
    expect(check({ ...body, predictions: [{ prediction: true }] })).toBe(false);
  });
});

describe('a body', () => {
  const limits = { maxTexts: 3, maxCharacters: 5 };
  const bodies: readonly unknown[] = [
    { text: 'a' }, { text: '' }, { text: '123456' }, { text: 1 }, { text: null },
    { text: ['a', 'b'] }, { text: ['a', 'b', 'c'] }, { text: ['a', 1] },
    { texts: ['a', 'b'] }, { texts: [] }, { texts: 'a' }, { texts: ['a', 1] }, { texts: ['1', '2', '3', '4'] }, { texts: [['a', 'b']] },
    { texts: [['a', '123456']] }, { text: 'a', texts: ['a'] }, { text: 'a', more: 1 }, JSON.parse('{"__proto__":1,"text":"a"}'),
    {}, [], 'a', null, 7,
  ];
  it.each([true, false, null])('is taken as its schema in openapi.json says (pairs: %s)', (pairs) => {
    const schema = requestSchema(textSchema(pairs, limits), limits);
    const check = new Ajv.default({ strict: true, strictRequired: false }).compile(schema);
    const taken = (body: unknown): boolean => Array.isArray(textsOfBody(body, pairs, limits));
    expect(bodies.map(taken)).toEqual(bodies.map((body) => check(body)));
    expect(bodies.filter(taken).length).toBeGreaterThan(1);
  });

  it('that is wrong is refused as RFC 9457 says, with its place', async () => {
    const server = await start(model, limits);
    const { status, headers, body } = await classify(server, { texts: ['a', 'b', 3] });
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'a text is a string for this model',
      code: 'invalid-body',
      errors: [{ pointer: '/texts/2', detail: 'a text is a string for this model' }],
    });
    expect(status).toBe(400);
    expect((await classify(server, { texts: ['1', '2', '3', '4'] })).body).toMatchObject({ status: 413, code: 'too-many-texts' });
    const long = await classify(server, { text: '123456' });
    expect(long.body).toMatchObject({ status: 413, code: 'text-too-long', errors: [{ pointer: '/text' }] });
    expect((await classify(server, '{"text":')).body).toMatchObject({ status: 400, code: 'invalid-json' });
    expect((await classify(server, '')).body).toMatchObject({ status: 400, code: 'invalid-json' });
    const plain = await classify(server, '{"text":"a"}', { headers: { 'content-type': 'text/plain' } });
    expect(plain.body).toMatchObject({ status: 415, code: 'unsupported-media-type' });
  });
});

describe('paths', () => {
  it('answer, and refuse what they do not take', async () => {
    const server = await start();
    const get = async (path: string, init?: RequestInit) => {
      const response = await fetch(`${server.address}${path}`, init);
      return { status: response.status, headers: response.headers, text: await response.text() };
    };
    expect(JSON.parse((await get('/v1/model')).text)).toMatchObject({ task: 'classification', targets: ['no', 'yes'], pairs: false });
    expect((await get('/v1/model')).text).not.toContain(folder);
    expect((await get('/healthz')).text).toBe('{"status":"alive"}');
    expect((await get('/readyz')).text).toBe('{"status":"ready"}');
    await classify(server, { text: 'a' });
    expect((await get('/metrics')).text).toMatch(/^ortrain_texts_total 1$/m);
    expect((await get('/metrics')).text).toContain('ortrain_requests_total{route="/v1/classify",status="200"} 1');
    const page = await get('/');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.text).not.toMatch(/<script>|<style>|style=|onclick=|https?:/);
    for (const [, path = ''] of page.text.matchAll(/(?:src|href)="(\/[^"]*)"/g)) expect((await get(path)).status, path).toBe(200);
    expect(JSON.parse((await get('/nothing')).text)).toMatchObject({ status: 404, code: 'not-found' });
    const wrong = await get('/v1/classify');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    // No page of another site may read an answer, nor send a text: a JSON body is asked for first.
    const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
    const asked = await get('/v1/classify', { method: 'OPTIONS', headers });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([405, null]);
  });

  it('ask for the token where there is one', async () => {
    const server = await start(model, { token: 's3cret' });
    const status = async (path: string, authorization?: string): Promise<number> =>
      (await fetch(`${server.address}${path}`, { headers: authorization === undefined ? {} : { authorization } })).status;
    for (const path of ['/v1/model', '/metrics', '/openapi.json', '/nothing']) {
      expect(await status(path), path).toBe(401);
      expect(await status(path, 'Bearer wrong'), path).toBe(401);
      expect(await status(path, 'Basic s3cret'), path).toBe(401);
    }
    for (const path of ['/healthz', '/readyz', '/', '/try.js', '/try.css']) expect(await status(path), path).toBe(200);
    expect(await status('/v1/model', 'Bearer s3cret')).toBe(200);
    const refused = await classify(server, { text: 'a' });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await classify(server, { text: 'a' }, { headers: { authorization: 'bearer s3cret' } })).status).toBe(200);
  });

  it('are noted as JSON, without texts unless asked', async () => {
    for (const logTexts of [false, true]) {
      const lines: string[] = [];
      const server = await start(model, { logTexts, log: { level: 'info', write: (line) => void lines.push(line) } });
      await classify(server, { text: 'a secret text' });
      await classify(server, '{"text":"a secret text"');
      await fetch(`${server.address}/v1/model?text=a+secret+text`);
      await vi.waitFor(() => expect(lines).toHaveLength(4));
      const noted = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
      const request = { method: 'POST', path: '/v1/classify', status: 200, texts: 1, characters: 13 };
      expect(noted).toContainEqual(expect.objectContaining(request));
      expect(lines.filter((line) => /secret/.test(line))).toHaveLength(logTexts ? 1 : 0);
    }
  });
});

describe('under load', () => {
  it('refuses what it cannot answer, and says when to come back', async () => {
    const server = await start(model, { maxQueuedTexts: 100, maxTexts: 60, lanes: 1, delayMs: 100 });
    const list = texts;
    const heard = await Promise.all(Array.from({ length: 8 }, () => classify(server, { texts: list })));
    const refused = heard.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(8);
    for (const { headers, body } of refused) {
      expect(body.code).toBe('overloaded');
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
  });

  it('gives a request up that takes too long', async () => {
    const server = await start(model, { timeoutMs: 50, lanes: 1, delayMs: 200 });
    expect((await classify(server, { text: 'a' })).body).toMatchObject({ status: 503, code: 'timeout' });
  });

  it('reloads without losing a request, and none is answered by two models', async () => {
    const place = writeTinyModel(join(folder, 'place'), 1);
    const next = writeTinyModel(join(folder, 'next'), 2);
    const expected = [await predicted(place, texts), await predicted(next, texts)];
    const server = await start(place, { maxBatchTokens: 64 });
    const digests = [server.model.digest];
    const asked: ReturnType<typeof classify>[] = [];
    const ask = async (): Promise<void> => {
      const request = classify(server, { texts: texts.slice(0, 8) });
      asked.push(request);
      await request;
    };
    const clients = Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 8; i++) await ask();
    });
    await asked[0];
    rmSync(place, { recursive: true });
    renameSync(next, place);
    digests.push((await server.reload()).digest);
    await Promise.all(clients);
    await ask();
    expect(new Set(digests).size).toBe(2);
    const heard = await Promise.all(asked);
    expect(heard.map(({ status }) => status)).toEqual(heard.map(() => 200));
    for (const { body } of heard) near(body.predictions, expected[digests.indexOf(body.model?.digest ?? '')]?.slice(0, 8));
    expect(heard.at(-1)?.body.model?.digest).toBe(digests[1]);
    // What is asked for while the model is being read is read after that.
    const [once, twice] = [server.reload(), server.reload()];
    expect(twice).not.toBe(once);
    expect(server.reload()).toBe(twice);
    expect((await twice).digest).toBe((await once).digest);
    rmSync(place, { recursive: true });
    await expect(server.reload()).rejects.toThrow();
    expect((await classify(server, { text: 'as before' })).body.model?.digest).toBe(digests[1]);
  });

  it('answers all that has come when it is told to stop, and asks connections to close', async () => {
    const server = await start(model, { lanes: 1, delayMs: 50 });
    const asked = Array.from({ length: 40 }, (_, i) => classify(server, { text: texts[i] }));
    await asked[0];
    const later = classify(server, { text: 'just in time' });
    const closed = server.close();
    const heard = await Promise.all([...asked, later]);
    expect(heard.map(({ status }) => status)).toEqual(heard.map(() => 200));
    expect(heard.at(-1)?.headers.get('connection')).toBe('close');
    await closed;
    await expect(classify(server, { text: 'too late' })).rejects.toThrow('fetch failed');
  });
});
