import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { hubSettings, hubTarget, uploadFolder } from '../../../src/data/hub/index.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

/* A server that answers as the hub's API does: it makes repositories, says which files are large, takes those, and commits. */

const TOKEN = 'hf_secretOfTests';
const folder = join(temporaryFolder(), 'export');
mkdirSync(join(folder, 'onnx'), { recursive: true });
const weights = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251));
writeFileSync(join(folder, 'README.md'), '---\ntags: [ortrain]\n---\n');
writeFileSync(join(folder, 'config.json'), '{}');
writeFileSync(join(folder, 'onnx', 'model.onnx'), weights);

interface Hub {
  readonly endpoint: string;
  readonly repositories: { name: string; organization: string; visibility: string }[];
  readonly large: Map<string, Buffer>;
  readonly commits: { key: string; value: Record<string, string> }[][];
}

type Refusal = readonly [path: RegExp, status: number];
let server: Server;
afterEach(() => void server.close());

async function hub(refusal?: Refusal): Promise<Hub> {
  const made = { repositories: [], large: new Map(), commits: [] } as Omit<Hub, 'endpoint'>;
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = request.url ?? '';
    const json = (status: number, value: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (refusal?.[0].test(path)) return json(refusal[1], { error: `no, ${request.headers.authorization}` });
    if (path.startsWith('/large/')) {
      made.large.set(path.slice('/large/'.length), body);
      return json(200, {});
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return json(401, { error: 'Invalid credentials' });
    if (path === '/api/repos/create') {
      made.repositories.push(JSON.parse(body.toString()));
      return json(200, { url: `${endpoint}/me/model`, id: 'me/model' });
    }
    if (path.includes('/preupload/')) {
      const { files } = JSON.parse(body.toString()) as { readonly files: readonly { readonly path: string }[] };
      return json(200, { files: files.map((file) => ({ ...file, uploadMode: file.path.endsWith('.onnx') ? 'lfs' : 'regular' })) });
    }
    if (path.endsWith('/info/lfs/objects/batch')) {
      const { objects } = JSON.parse(body.toString()) as { readonly objects: readonly { readonly oid: string }[] };
      const upload = (oid: string): object => ({ upload: { href: `${endpoint}/large/${oid}` } });
      return json(200, { transfer: 'basic', objects: objects.map((object) => ({ ...object, actions: upload(object.oid) })) });
    }
    if (path.includes('/commit/main')) {
      made.commits.push(body.toString().trim().split('\n').map((line) => JSON.parse(line) as Hub['commits'][number][number]));
      return json(200, { success: true, commitOid: 'c'.repeat(40), commitUrl: `${endpoint}/c`, hookOutput: '' });
    }
    return json(404, { error: `no ${path}` });
  }
  return { endpoint, ...made };
}

const push = (endpoint: string, { token = TOKEN, isPublic = false } = {}) =>
  uploadFolder(folder, hubTarget('me/model', { ...hubSettings({ HF_TOKEN: token, HF_ENDPOINT: endpoint }) }), { isPublic, title: 'Export' });

describe('an upload to the hub', () => {
  it('makes a private repository and commits every file, the large ones by their digests', async () => {
    const { endpoint, repositories, large, commits } = await hub();
    expect(await push(endpoint)).toEqual({
      repository: 'me/model',
      url: `${endpoint}/me/model`,
      commit: 'c'.repeat(40),
      existed: false,
    });
    expect(repositories).toMatchObject([{ name: 'model', organization: 'me', visibility: 'private' }]);
    const oid = createHash('sha256').update(weights).digest('hex');
    expect(large.get(oid)?.equals(weights)).toBe(true);
    const [lines = []] = commits;
    expect(lines.map(({ key, value }) => [key, value['path'] ?? value['summary']])).toEqual(
      expect.arrayContaining([['header', 'Export'], ['file', 'README.md'], ['file', 'config.json'], ['lfsFile', 'onnx/model.onnx']]),
    );
    expect(lines).toHaveLength(4);
  });

  it('is public where that is asked for, and leaves a repository that is there as it was', async () => {
    const open = await hub();
    await push(open.endpoint, { isPublic: true });
    expect(open.repositories).toMatchObject([{ visibility: 'public' }]);
    server.close();
    const there = await hub([/repos\/create/, 409]);
    expect(await push(there.endpoint)).toMatchObject({ existed: true });
    expect(there.commits).toHaveLength(1);
  });

  it.each([
    ['a token that it does not know', [/none/, 0], 'hf_other', /does not accept the token in HF_TOKEN/],
    ['a token that may not write', [/repos\/create/, 403], TOKEN, /may not write to it/],
    ['a change meanwhile', [/commit/, 409], TOKEN, /changed it meanwhile/],
    ['a bad moment', [/objects\/batch/, 503], TOKEN, /answered with the status 503/],
    ['an owner that it does not have', [/repos\/create/, 404], TOKEN, /answered with the status 404/],
  ] as const)('is refused in a sentence, without the token: %s', async (_, refusal, token, message) => {
    const { endpoint } = await hub(refusal);
    const error = (await push(endpoint, { token }).catch((reason: unknown) => reason)) as { message: string; remedy: string; code: string };
    expect(error.message).toMatch(message);
    expect(error.code).toBe('environment');
    expect(error.remedy.startsWith('Try again')).toBe(refusal[1] === 503);
    expect(error.remedy).toContain(`The export is complete in ${folder}.`);
    expect(JSON.stringify([error.message, error.remedy])).not.toContain(token);
  });

  it('says which server cannot be reached', async () => {
    const { endpoint } = await hub();
    await new Promise((resolve) => server.close(resolve));
    await expect(push(endpoint)).rejects.toMatchObject({ code: 'environment', message: expect.stringContaining(`${endpoint} cannot be reached`) });
  });

  it.each([
    ['model', { HF_TOKEN: TOKEN }, 'usage'],
    ['me/model/more', { HF_TOKEN: TOKEN }, 'usage'],
    ['me/..', { HF_TOKEN: TOKEN }, 'usage'],
    ['me/model', { HF_TOKEN_PATH: '/nowhere' }, 'environment'],
    ['me/model', { HF_TOKEN: 'secret' }, 'environment'],
    ['me/model', { HF_TOKEN: TOKEN, HF_HUB_OFFLINE: '1' }, 'environment'],
  ])('is refused before anything is made: %s with %j', (repository, env, code) => {
    expect(() => hubTarget(repository, hubSettings(env))).toThrow(expect.objectContaining({ code }));
  });
});
