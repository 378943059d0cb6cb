import {
  closeSync,
  copyFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { setTimeout as wait } from 'node:timers/promises';
import { OrtrainError } from '../../core/errors.ts';
import { temporaryBeside, writeFileAtomic } from '../../core/files.ts';
import { hashFile, sha256 } from '../../core/hash.ts';
import { printable } from '../../core/printable.ts';
import { bytes } from '../../core/text.ts';
import { isCommit, isFolderName, refPath, repositoryFolder, type HubSettings } from './cache.ts';
import { gitHash } from './blobs.ts';
import { hubClient, isPassing, type HubClient, type RemoteFile } from './client.ts';
import { HubRefusal, isFileError, NotAHub } from './failures.ts';
import type { ResolveOptions } from './hub.ts';
import { hasTokenizer } from '../tokenizer/index.ts';
import { incompleteModel, substitutes, TOKENIZER, type ModelFile } from './model-folder.ts';
import { readWeightMap, WEIGHT_FORMS, WEIGHTS } from './weight-forms.ts';

/** Tries in a row that bring next to nothing before a download is given up, and the pause after the first, which doubles. */
const tries = 4;
const firstPause = 250; // ms

/** A try that brings less of a file has brought nothing: a server that sends a byte and breaks off would be asked for ever. */
const leastShare = 0.01;
const leastBytes = 1_000_000;

/** A hub that wants to be left alone for longer is left alone. */
const longestPause = 10; // s

/** Descriptions and vocabularies; weights may have any size that the disk has room for. */
const mostSmallBytes = 512e6;

/** At most one progress event in this time, and one at a file's end. */
const progressEvery = 100; // ms

/** Fetches the files of a repository into the standard cache and returns the snapshot's folder. */
export async function fetchSnapshot(
  name: string,
  files: readonly ModelFile[],
  settings: HubSettings,
  options: ResolveOptions,
): Promise<string> {
  const client = hubClient(name, options.revision, settings, options.signal, options.limits);
  const repository = repositoryFolder(settings.cache, name);
  try {
    const ref = isCommit(options.revision) ? undefined : refPath(repository, options.revision);
    const commit = ref === undefined ? options.revision : await patiently(() => client.commit(), options.signal);
    if (!isFolderName(commit))
      throw new OrtrainError('environment', `${settings.endpoint} names a commit that the model ${name} does not have`, { subject: name });
    const snapshot = join(repository, 'snapshots', commit);
    const fetched = async (file: string): Promise<boolean> => {
      const target = join(snapshot, file);
      if (existsSync(target)) return true;
      const remote = await patiently(() => client.find(file, commit), options.signal);
      if (remote !== undefined) link(await download(remote, join(repository, 'blobs'), options), target);
      return remote !== undefined;
    };
    for (const file of files) {
      const lacks = await lackingOf(file.name, snapshot, fetched);
      if (lacks !== undefined && file.required) throw await lacking(client, name, lacks, commit);
    }
    if (ref !== undefined) writeFileAtomic(ref, commit);
    return snapshot;
  } catch (error) {
    throw client.failure(error);
  }
}

/** Fetches a file, or another form of what it holds; where there is none, answers with the name of a file that is not there. */
async function lackingOf(name: string, snapshot: string, fetched: (file: string) => Promise<boolean>): Promise<string | undefined> {
  if (name === WEIGHTS) return lackingWeight(snapshot, fetched);
  if (await fetched(name)) return undefined;
  // Other forms of a tokenizer have been fetched before it, but for this one, which nobody needs who has another.
  if (name === TOKENIZER && !hasTokenizer(snapshot) && (await fetched('vocab.json'))) await fetched('merges.txt');
  return name === TOKENIZER && hasTokenizer(snapshot) ? undefined : name;
}

/** Fetches the safest form of the weights that is complete; where there is none, answers with the name of a file that is not there. */
async function lackingWeight(snapshot: string, fetched: (file: string) => Promise<boolean>): Promise<string | undefined> {
  let lacks: string | undefined;
  for (const { name, isIndex } of WEIGHT_FORMS) {
    if (!(await fetched(name))) continue;
    const shards = isIndex ? new Set(Object.values(readWeightMap(snapshot, name))) : [];
    const absent = await firstAbsent(shards, fetched);
    if (absent === undefined) return undefined;
    lacks ??= absent;
  }
  return lacks ?? WEIGHTS;
}

async function firstAbsent(files: Iterable<string>, fetched: (file: string) => Promise<boolean>): Promise<string | undefined> {
  for (const file of files) if (!(await fetched(file))) return file;
  return undefined;
}

/** The error for a file that the repository does not have, with what it has instead. */
async function lacking(client: HubClient, name: string, file: string, commit: string): Promise<OrtrainError> {
  const there = new Set<string>();
  for (const other of substitutes) {
    if (other.insteadOf === file && (await client.find(other.name, commit)) !== undefined) there.add(other.name);
  }
  return incompleteModel(`the model ${name}`, [file], (other) => there.has(other));
}

/** Asks again where the connection broke or the hub has a bad moment. */
async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await ask();
    } catch (error) {
      if (failures === tries || !(await mayAskAgain(error, failures, signal))) throw error;
    }
  }
}

/** Waits before the next try; false where there shall be none. */
async function mayAskAgain(error: unknown, failures: number, signal: AbortSignal | undefined): Promise<boolean> {
  const wish = error instanceof HubRefusal ? (error.again ?? 0) : 0;
  if (signal?.aborted === true || !isPassing(error) || wish > longestPause) return false;
  try {
    await wait(Math.max(firstPause * 2 ** (failures - 1), wish * 1000), undefined, signal === undefined ? {} : { signal });
    return true;
  } catch {
    return false; // The person has stopped it.
  }
}

/**
 * Brings a file's content into `blobs`, from where a broken download left off, and returns its path. Two processes that fetch
 * the same file write the same bytes to the same places; whoever is second finds the work done.
 */
async function download(remote: RemoteFile, blobs: string, { onProgress, signal }: ResolveOptions): Promise<string> {
  mkdirSync(blobs, { recursive: true });
  const blob = await placeFor(remote, blobs);
  const incomplete = `${blob}.incomplete`;
  throwIfTooLarge(remote, blobs);
  let fruitless = 0;
  while (!existsSync(blob)) {
    const start = beginning(incomplete, remote.size);
    if (start === remote.size) {
      await unlessGone(() => verify(remote, incomplete));
      await unlessGone(() => renameSync(incomplete, blob));
      continue;
    }
    try {
      await append(remote, incomplete, start, onProgress);
      fruitless = 0;
    } catch (error) {
      const brought = beginning(incomplete, remote.size) - start;
      fruitless = brought > 0 && brought >= Math.min(leastBytes, remote.size * leastShare) ? 0 : fruitless + 1;
      if (fruitless === tries || !(await mayAskAgain(error, Math.max(1, fruitless), signal))) throw error;
    }
  }
  return blob;
}

/** Another process that fetches the same may have put the file in its place. */
async function unlessGone(use: () => Promise<void> | void): Promise<void> {
  try {
    await use();
  } catch (error) {
    if (!(isFileError(error) && error.code === 'ENOENT')) throw error;
  }
}

/**
 * Where a content is kept: as in the caches of all of Hugging Face's tools under its hash, if the hub names it so. What stands there
 * already is used where it is what the name says; a server that names contents otherwise gets names that no two files share.
 */
async function placeFor({ etag, path, size, commit }: RemoteFile, blobs: string): Promise<string> {
  const own = join(blobs, `etag-${sha256(JSON.stringify([etag, path, size, commit]))}`);
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(etag)) return own;
  const shared = join(blobs, etag);
  if (!existsSync(shared)) return shared;
  const isWhole = statSync(shared).size === size && (etag.length === 64 ? await hashFile(shared) : gitHash(readFileSync(shared))) === etag;
  return isWhole ? shared : own;
}

function throwIfTooLarge({ path, size }: RemoteFile, folder: string): void {
  const most = WEIGHT_FORMS.some(({ ending }) => path.endsWith(ending)) ? Infinity : mostSmallBytes;
  if (size > most) {
    throw new OrtrainError('environment', `the hub announces ${bytes(size)} for ${path}, and no such file needs more than ${bytes(most)}`, {
      subject: path,
      remedy: 'Take another model, or check HF_ENDPOINT.',
    });
  }
  const { bavail, bsize } = statfsSync(folder);
  if (size <= bavail * bsize) return;
  throw new OrtrainError('environment', `${path} has ${bytes(size)}, and ${bytes(bavail * bsize)} are free in ${folder}`, {
    subject: folder,
    remedy: 'Free some space, or set HF_HOME to a larger disk.',
  });
}

/** Writes the content from byte `start` on at its place in the file, or all of it where the hub begins again. */
async function append(remote: RemoteFile, file: string, asked: number, onProgress: ResolveOptions['onProgress']): Promise<void> {
  const { start, stream } = await remote.read(asked);
  if (start === 0 && asked > 0) truncateSync(file);
  let done = start;
  let reported = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      done += chunk.byteLength;
      if (done > remote.size) throw new NotAHub(`sends more of ${remote.path} than the ${remote.size} bytes that it announced`);
      yield chunk;
      if (done < remote.size && performance.now() - reported < progressEvery) continue;
      reported = performance.now();
      onProgress?.({ file: remote.path, done, total: remote.size });
    }
  };
  await pipeline(Readable.fromWeb(stream as WebStream), counted, createWriteStream(file, { flags: 'r+', start }));
  if (done < remote.size) throw new Error('the connection was closed early');
}

/** How much of the file is there; creates it where there is none, and empties it where it cannot be the beginning of this one. */
function beginning(incomplete: string, total: number): number {
  closeSync(openSync(incomplete, 'a'));
  const { size } = statSync(incomplete);
  if (size <= total) return size;
  closeSync(openSync(incomplete, 'w'));
  return 0;
}

/** A wrong file is removed, so that the next try starts from its beginning. */
async function verify(remote: RemoteFile, file: string): Promise<void> {
  if (remote.sha256 !== undefined && (await hashFile(file)) !== remote.sha256) {
    rmSync(file, { force: true });
    throw new OrtrainError('environment', `${remote.path} arrived damaged: its SHA-256 is not the one that the hub announced`, {
      subject: remote.path,
      remedy: 'Run again to fetch it once more.',
    });
  }
  const head = remote.path.endsWith('.json')
    ? headOf(file)
        .replace(/^\uFEFF/, '')
        .trimStart()
    : '{';
  if (head.startsWith('{')) return;
  rmSync(file, { force: true });
  throw new NotAHub(`sends something else for ${remote.path}, which begins with ${JSON.stringify(printable(head.slice(0, 40)))}`);
}

/** The first characters of a file. */
function headOf(file: string): string {
  const open = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(1024);
    return buffer.toString('utf8', 0, readSync(open, buffer));
  } finally {
    closeSync(open);
  }
}

/** A relative link from the snapshot to the blob, or a copy where the file system has no links. */
function link(blob: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const temporary = temporaryBeside(target);
  try {
    symlinkSync(relative(dirname(target), blob), temporary);
  } catch {
    copyFileSync(blob, temporary);
  }
  renameSync(temporary, target);
}
