import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { hubSettings } from '../../../src/data/hub/cache.ts';
import { resolveModel, type DownloadProgress } from '../../../src/data/hub/hub.ts';
import { weightFiles } from '../../../src/data/hub/weight-forms.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const token = 'hf_secretOfThisTest';
const weights = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));
const files: Readonly<Record<string, Buffer>> = {
  'config.json': Buffer.from('{"model_type":"bert"}'),
  'tokenizer.json': Buffer.from('{"model":{}}'),
  'vocab.txt': Buffer.from('[PAD]\n'),
  'model.safetensors': weights,
};

/** A hub of one repository, which notes every request and can misbehave. */
interface TestHub {
  files: Readonly<Record<string, Buffer>>;
  /** Weights' answers that end after so many bytes, one entry an answer. */
  cuts: number[];
  needsToken: boolean;
  /** Sends other bytes of the same number. */
  damaged: boolean;
  readonly requests: { path: string; range: string | undefined; authorization: string | undefined }[];
}

let hub: TestHub;
let server: Server;
let scratch: string;
let cache: string;

beforeEach(async () => {
  hub = { files, cuts: [], needsToken: false, damaged: false, requests: [] };
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  scratch = mkdtempSync(join(tmpdir(), 'ortrain-hub-'));
  cache = join(scratch, 'home', 'hub');
  for (const name of ['HF_TOKEN', 'HF_TOKEN_PATH', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_HUB_OFFLINE']) vi.stubEnv(name, '');
  vi.stubEnv('HF_HOME', join(scratch, 'home'));
  vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  rmSync(scratch, { recursive: true });
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  const { range, authorization } = request.headers;
  hub.requests.push({ path, range, authorization });
  if (hub.needsToken && authorization !== `Bearer ${token}`) return void response.writeHead(401, { 'x-error-code': 'GatedRepo' }).end();
  const [, repository, revision, name] = /^\/(org\/model)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (repository === undefined) return void response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end();
  if (revision !== 'main' && revision !== commit) return void response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
  const content = hub.files[name ?? ''];
  if (content === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last === undefined || last === '' ? content.length - 1 : Number(last);
  const large = name === 'model.safetensors';
  response.writeHead(range === undefined ? 200 : 206, {
    etag: `"${createHash('sha1').update(content).digest('hex')}"`,
    'x-repo-commit': commit,
    'content-length': end - start + 1,
    'content-range': `bytes ${start}-${end}/${content.length}`,
    ...(large ? { 'x-linked-etag': `"${createHash('sha256').update(content).digest('hex')}"` } : {}),
  });
  const sent = hub.damaged && large ? Buffer.alloc(content.length) : content;
  const cut = large && end > start ? hub.cuts.shift() : undefined;
  if (cut === undefined) response.end(sent.subarray(start, end + 1));
  else response.write(sent.subarray(start, start + cut), () => setTimeout(() => response.destroy(), 20));
}

const all = { revision: 'main', weights: true } as const;

async function failure(promise: Promise<unknown>): Promise<OrtrainError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(OrtrainError);
  return error as OrtrainError;
}

describe('a directory', () => {
  test('is used as it is', async () => {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(scratch, name), content);
    expect(await resolveModel(scratch, all)).toBe(scratch);
    expect(hub.requests).toEqual([]);
  });

  test('without some files is an error that names each of them and what stands in their place', async () => {
    writeFileSync(join(scratch, 'config.json'), '{}');
    writeFileSync(join(scratch, 'tf_model.h5'), '');
    const error = await failure(resolveModel(scratch, all));
    expect(error.code).toBe('data');
    expect(error.problems.map((problem) => problem.message)).toEqual([
      'tokenizer.json is missing, and so is every other form of a tokenizer: spm.model, sentencepiece.bpe.model, spiece.model, ' +
        'vocab.txt, vocab.json with merges.txt',
      'model.safetensors is missing; there is tf_model.h5, but weights of TensorFlow and Flax cannot be read',
    ]);
  });

  test('needs no weights where they start at random', async () => {
    for (const name of ['config.json', 'tokenizer.json']) writeFileSync(join(scratch, name), '{}');
    expect(await resolveModel(scratch, { ...all, weights: false })).toBe(scratch);
  });

  test('that does not exist is an error, not a request', async () => {
    const error = await failure(resolveModel(join(scratch, 'nowhere'), all));
    expect(error.code).toBe('data');
    expect(hub.requests).toEqual([]);
  });
});

describe('a hub model', () => {
  test('comes into the standard cache, and is then used without a request', async () => {
    const progress: DownloadProgress[] = [];
    const folder = await resolveModel('org/model', { ...all, onProgress: (event) => progress.push(event) });
    const repository = join(cache, 'models--org--model');
    expect(folder).toBe(join(repository, 'snapshots', commit));
    for (const [name, content] of Object.entries(files)) expect(readFileSync(join(folder, name)).equals(content)).toBe(true);
    expect(lstatSync(join(folder, 'model.safetensors')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(repository, 'refs', 'main'), 'utf8')).toBe(commit);
    expect(progress.filter((event) => event.file === 'model.safetensors').at(-1)).toEqual({
      file: 'model.safetensors',
      done: 300_000,
      total: 300_000,
    });

    hub.requests.length = 0;
    expect(await resolveModel('org/model', all)).toBe(folder);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await resolveModel('org/model', all)).toBe(folder);
    expect(await resolveModel('org/model', { ...all, revision: commit })).toBe(folder);
    expect(hub.requests).toEqual([]);
  });

  test('is fetched without weights where they start at random, and completed later', async () => {
    const folder = await resolveModel('org/model', { ...all, weights: false });
    expect(existsSync(join(folder, 'model.safetensors'))).toBe(false);
    hub.requests.length = 0;
    await resolveModel('org/model', all);
    expect(hub.requests.filter(({ path }) => path.endsWith('tokenizer.json'))).toEqual([]);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
  });

  test('goes on where a broken connection stopped', async () => {
    hub.cuts = [100_000, 50_000];
    const folder = await resolveModel('org/model', all);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
    const ranges = hub.requests
      .filter(({ path, range }) => path.endsWith('model.safetensors') && range !== 'bytes=0-0')
      .map(({ range }) => range);
    expect(ranges).toEqual([undefined, 'bytes=100000-299999', 'bytes=150000-299999']);
  });

  test('goes on where an earlier run was broken off', async () => {
    hub.cuts = [100_000, 0, 0, 0, 0];
    const error = await failure(resolveModel('org/model', all));
    expect(error.code).toBe('environment');
    expect(error.remedy).toContain('the part already fetched is kept');
    const blobs = join(cache, 'models--org--model', 'blobs');
    expect(readdirSync(blobs).filter((name) => name.endsWith('.incomplete'))).toHaveLength(1);

    hub.cuts = [];
    hub.requests.length = 0;
    const folder = await resolveModel('org/model', all);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
    expect(hub.requests.map(({ range }) => range)).toContain('bytes=100000-299999');
    expect(readdirSync(blobs).filter((name) => name.endsWith('.incomplete'))).toEqual([]);
  });

  test('is fetched by two at once without harm', async () => {
    const folders = await Promise.all([resolveModel('org/model', all), resolveModel('org/model', all)]);
    for (const folder of folders) expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
    expect(readdirSync(join(cache, 'models--org--model', 'snapshots', commit)).sort()).toEqual(Object.keys(files).sort());
  });

  test('stops when asked to, and keeps what has arrived', async () => {
    const stop = new AbortController();
    hub.cuts = [100_000, 1, 1, 1, 1, 1, 1];
    const onProgress = ({ file }: DownloadProgress): void => void (file === 'model.safetensors' && stop.abort());
    const error = await failure(resolveModel('org/model', { ...all, signal: stop.signal, onProgress }));
    expect(error.code).toBe('interrupted');
    const [incomplete] = readdirSync(join(cache, 'models--org--model', 'blobs')).filter((name) => name.endsWith('.incomplete'));
    expect(statSync(join(cache, 'models--org--model', 'blobs', incomplete ?? '')).size).toBeGreaterThan(0);
  });

  test('that arrives damaged is refused and fetched anew the next time', async () => {
    hub.damaged = true;
    const error = await failure(resolveModel('org/model', all));
    expect(error.message).toContain('model.safetensors arrived damaged');
    hub.damaged = false;
    const folder = await resolveModel('org/model', all);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
  });

  test('that lacks a file is an error that names it and what stands in its place', async () => {
    const { 'model.safetensors': content, ...rest } = files;
    hub.files = { ...rest, 'tf_model.h5': content as Buffer };
    const error = await failure(resolveModel('org/model', all));
    expect(error.message).toBe('the model org/model lacks model.safetensors');
    expect(error.problems[0]?.message).toContain('tf_model.h5');
  });

  test('comes with whatever form of a tokenizer it has, and is then used without a request', async () => {
    const { 'tokenizer.json': definition = weights, 'vocab.txt': _, ...others } = files;
    for (const [form, names] of Object.entries({
      'spm.model': ['spm.model'],
      'merges.txt': ['merges.txt', 'vocab.json'],
      'spiece.model': ['spiece.model', 'tokenizer.json'],
    })) {
      rmSync(cache, { recursive: true, force: true });
      hub.files = { ...others, ...Object.fromEntries(names.map((name) => [name, definition])) };
      const folder = await resolveModel('org/model', { revision: 'main', weights: true });
      expect(readdirSync(folder).filter((name) => !(name in others)).sort(), form).toEqual(names);
      hub.requests.length = 0;
      expect(await resolveModel('org/model', { revision: 'main', weights: true })).toBe(folder);
      expect(hub.requests).toEqual([]);
    }
    rmSync(cache, { recursive: true, force: true });
    hub.files = { ...others, 'vocab.json': definition };
    await expect(resolveModel('org/model', { revision: 'main', weights: true })).rejects.toMatchObject({
      problems: [{ message: 'tokenizer.json is missing; there is vocab.json, but there is no merges.txt beside it' }],
    });
  });

  test('in several files comes with its index, and is then used without a request', async () => {
    const { 'model.safetensors': _, ...rest } = files;
    const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const index = Buffer.from(JSON.stringify({ weight_map: { a: first, b: second, c: first } }));
    hub.files = { ...rest, 'model.safetensors.index.json': index, [first]: weights, [second]: Buffer.from('second') };
    const folder = await resolveModel('org/model', all);
    for (const [name, content] of Object.entries(hub.files)) expect(readFileSync(join(folder, name)).equals(content), name).toBe(true);
    const asked = hub.requests.length;
    expect(await resolveModel('org/model', all)).toBe(folder);
    expect(hub.requests).toHaveLength(asked);
    rmSync(join(scratch, 'home'), { recursive: true });
    const { [second]: __, ...lacking } = hub.files;
    hub.files = lacking;
    expect((await failure(resolveModel('org/model', all))).message).toBe(`the model org/model lacks ${second}`);
    hub.files = { ...rest, 'model.safetensors.index.json': Buffer.from(JSON.stringify({ weight_map: { a: '../../refs/x.safetensors' } })) };
    rmSync(join(scratch, 'home'), { recursive: true });
    expect((await failure(resolveModel('org/model', all))).problems[0]?.message).toContain('not a .safetensors file beside the index');
  });

  test('is fetched in the safest form that is whole', async () => {
    const { 'model.safetensors': _, ...rest } = files;
    const shard = 'model-00001-of-00002.safetensors';
    const forms = {
      'model.safetensors': weights,
      'model.safetensors.index.json': Buffer.from(JSON.stringify({ weight_map: { a: shard } })),
      [shard]: Buffer.from('of the index'),
      'pytorch_model.bin': Buffer.from('of PyTorch'),
      'pytorch_model.bin.index.json': Buffer.from(JSON.stringify({ weight_map: { a: 'pytorch_model-1.bin' } })),
      'pytorch_model-1.bin': Buffer.from('of the index of PyTorch'),
    };
    const without = async (...names: readonly string[]): Promise<readonly string[]> => {
      rmSync(join(scratch, 'home'), { recursive: true, force: true });
      hub.files = { ...rest, ...Object.fromEntries(Object.entries(forms).filter(([name]) => !names.includes(name))) };
      const folder = await resolveModel('org/model', all);
      const asked = hub.requests.length;
      expect(await resolveModel('org/model', all)).toBe(folder);
      expect(hub.requests).toHaveLength(asked);
      expect(readdirSync(folder).filter((name) => !(name in rest)).every((name) => name in forms)).toBe(true);
      return weightFiles(folder);
    };
    const [single, index, bin, binIndex] = Object.keys(forms).filter((name) => !/\d/.test(name)) as [string, string, string, string];
    expect(await without()).toEqual([single]);
    expect(await without(single)).toEqual([index, shard]);
    expect(await without(single, shard)).toEqual([bin]);
    expect(await without(single, index)).toEqual([bin]);
    expect(await without(single, index, bin)).toEqual([binIndex, 'pytorch_model-1.bin']);
    expect((await failure(without(single, shard, bin, binIndex))).message).toBe(`the model org/model lacks ${shard}`);
    expect((await failure(without(single, index, bin, binIndex))).message).toBe('the model org/model lacks model.safetensors');
  });

  test('that does not exist, or not in this revision, is an error', async () => {
    const unknown = await failure(resolveModel('org/other', all));
    expect([unknown.code, unknown.subject]).toEqual(['data', 'model.base']);
    const revision = await failure(resolveModel('org/model', { ...all, revision: 'v2' }));
    expect([revision.code, revision.subject]).toEqual(['data', 'model.revision']);
  });

  test('that is private needs the token of the variable or of the file, which no message shows', async () => {
    hub.needsToken = true;
    const closed = await failure(resolveModel('org/model', all));
    expect(closed.code).toBe('data');
    expect(closed.remedy).toContain('HF_TOKEN');
    vi.stubEnv('HF_TOKEN', 'not-a-token-of-the-hub');
    const odd = await failure(resolveModel('org/model', all));
    expect(`${odd.message} ${odd.remedy}`).not.toContain('not-a-token');
    vi.stubEnv('HF_TOKEN', '');
    mkdirSync(join(scratch, 'home'), { recursive: true });
    writeFileSync(join(scratch, 'home', 'token'), `${token}\n`);
    expect(hubSettings(process.env).token).toBe(token);
    expect(await resolveModel('org/model', all)).toContain(commit);
  });

  test('cannot be fetched offline, and the error says what to do', async () => {
    vi.stubEnv('HF_HUB_OFFLINE', 'true');
    const forbidden = await failure(resolveModel('org/model', all));
    expect(forbidden.message).toContain('HF_HUB_OFFLINE');
    expect(hub.requests).toEqual([]);
    vi.stubEnv('HF_HUB_OFFLINE', '0');
    await new Promise((done) => server.close(done));
    const unreachable = await failure(resolveModel('org/model', all));
    expect(unreachable.code).toBe('environment');
    expect(unreachable.message).toContain('ECONNREFUSED');
    expect(unreachable.remedy).toContain('model.base');
  });
});

test('settings come from the variables of Hugging Face, empty ones counting as unset', () => {
  expect(hubSettings({ HF_HOME: '/h', HF_HUB_CACHE: '', HF_ENDPOINT: '' })).toEqual({
    endpoint: 'https://huggingface.co',
    cache: join('/h', 'hub'),
    token: undefined,
    offline: false,
  });
  expect(hubSettings({ XDG_CACHE_HOME: '/x' }).cache).toBe(join('/x', 'huggingface', 'hub'));
  expect(hubSettings({ HF_HOME: '/h', HF_HUB_CACHE: '/c', HF_TOKEN: 't', HF_HUB_OFFLINE: 'YES' })).toMatchObject({
    cache: '/c',
    token: 't',
    offline: true,
  });
});
