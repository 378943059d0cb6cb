import { closeSync, copyFileSync, createWriteStream, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { OrtrainError } from '../core/errors.ts';
import { temporaryBeside, writeFileAtomic } from '../core/files.ts';
import { hashFile, sha256 } from '../core/hash.ts';
import { INDEX_FILE } from '../engine/models/index.ts';
import { isCommit, isFolderName, refPath, repositoryFolder, type HubSettings } from './hub-cache.ts';
import { hubClient, type HubClient, type RemoteFile } from './hub-client.ts';
import type { ResolveOptions } from './hub.ts';
import { incompleteModel, substitutes, weightFiles, WEIGHTS, type ModelFile } from './model-folder.ts';

/** Tries in a row that bring nothing before a download is given up, and the pause after the first, which doubles. */
const tries = 4;
const firstPause = 250; // ms

/** At most one progress event in this time, and one at a file's end. */
const progressEvery = 100; // ms

/**
 * Fetches the files of a repository into the standard cache and returns the snapshot's folder. `@huggingface/hub` does the
 * asking and reading; writing is ours, because its own `downloadFileToCacheDir` begins a broken download again from nothing.
 */
export async function fetchSnapshot(name: string, files: readonly ModelFile[], settings: HubSettings, options: ResolveOptions): Promise<string> {
  const client = hubClient(await import('@huggingface/hub'), name, options.revision, settings, options.signal);
  const repository = repositoryFolder(settings.cache, name);
  try {
    const ref = isCommit(options.revision) ? undefined : refPath(repository, options.revision);
    const commit = ref === undefined ? options.revision : await client.commit();
    if (!isFolderName(commit)) throw new OrtrainError('environment', `${settings.endpoint} names a commit that is none for the model ${name}`, { subject: name });
    const snapshot = join(repository, 'snapshots', commit);
    const fetched = async (file: string): Promise<boolean> => {
      const target = join(snapshot, file);
      if (existsSync(target)) return true;
      const remote = await client.find(file, commit);
      if (remote !== undefined) link(await download(remote, join(repository, 'blobs'), options), target);
      return remote !== undefined;
    };
    for (const file of files) {
      if (await fetched(file.name)) continue;
      const [index, ...shards] = file.name === WEIGHTS && (await fetched(INDEX_FILE)) ? weightFiles(snapshot) : [];
      for (const shard of shards) if (!(await fetched(shard))) throw await lacking(client, name, shard, commit);
      if (index === undefined && file.required) throw await lacking(client, name, file.name, commit);
    }
    if (ref !== undefined) writeFileAtomic(ref, commit);
    return snapshot;
  } catch (error) {
    throw client.failure(error);
  }
}

/** The error for a file that the repository does not have, with what it has instead. */
async function lacking(client: HubClient, name: string, file: string, commit: string): Promise<OrtrainError> {
  const there = new Set<string>();
  for (const other of substitutes) {
    if (other.insteadOf === file && (await client.find(other.name, commit)) !== undefined) there.add(other.name);
  }
  return incompleteModel(`the model ${name}`, [file], (other) => there.has(other));
}

/**
 * Brings a file's content into `blobs`, from where a broken download left off, and returns its path. Two processes that fetch
 * the same file write the same bytes to the same places; whoever is second finds the work done.
 */
async function download(remote: RemoteFile, blobs: string, { onProgress, signal }: ResolveOptions): Promise<string> {
  const blob = join(blobs, /^[\w-]+$/.test(remote.etag) ? remote.etag : `etag-${sha256(remote.etag)}`);
  const incomplete = `${blob}.incomplete`;
  mkdirSync(blobs, { recursive: true });
  let fruitless = 0;
  while (!existsSync(blob)) {
    const start = beginning(incomplete, remote.size);
    if (start === remote.size) {
      await verify(remote, incomplete);
      if (existsSync(incomplete)) renameSync(incomplete, blob);
      continue;
    }
    try {
      await append(remote, incomplete, start, onProgress);
      fruitless = 0;
    } catch (error) {
      fruitless = beginning(incomplete, remote.size) > start ? 0 : fruitless + 1;
      if (fruitless === tries || signal?.aborted === true) throw error;
      if (fruitless > 0) await wait(firstPause * 2 ** (fruitless - 1));
    }
  }
  return blob;
}

/** Writes the content from byte `start` on at its place in the file. */
async function append(remote: RemoteFile, file: string, start: number, onProgress: ResolveOptions['onProgress']): Promise<void> {
  let done = start;
  let reported = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      done += chunk.byteLength;
      if (done > remote.size) throw new Error('more arrived than the hub had announced');
      yield chunk;
      if (done < remote.size && performance.now() - reported < progressEvery) continue;
      reported = performance.now();
      onProgress?.({ file: remote.path, done, total: remote.size });
    }
  };
  await pipeline(Readable.fromWeb(await remote.read(start)), counted, createWriteStream(file, { flags: 'r+', start }));
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

async function verify(remote: RemoteFile, file: string): Promise<void> {
  if (remote.sha256 === undefined || (await hashFile(file)) === remote.sha256) return;
  rmSync(file, { force: true });
  throw new OrtrainError('environment', `${remote.path} arrived damaged: its SHA-256 is not the one that the hub announced`, {
    subject: remote.path,
    remedy: 'Run again to fetch it anew.',
  });
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
