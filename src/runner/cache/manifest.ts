import { lstatSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { contentHash } from '../../core/content.ts';
import { OrtrainError } from '../../core/errors.ts';
import { writeJsonAtomic } from '../../core/files.ts';
import { hashFile, hashOf } from '../../core/hash.ts';
import { kindOf, readJsonInput } from '../../core/inputs.ts';
import { count, list, nullable, object, optional, primitive, record, text, type ShapeOf } from '../../core/shapes.ts';
import { shortened } from '../../core/text.ts';
import { isRefusal } from '../../core/system-errors.ts';

/** Everything that a cache key is the hash of. */
export interface KeyParts {
  readonly stage: string;
  readonly version: number;
  /** What the stage picked, under the configuration's own names. */
  readonly params: unknown;
  /** Name of each file from outside the cache, to the SHA-256 of its content. */
  readonly contents: Readonly<Record<string, string>>;
  readonly fold: number | null;
  /** Kind of each input, to the keys of the entries that hold it. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** Null where no number comes from the engine. `products`: a mode that the device itself takes all products of matrices in. */
  readonly engine: { readonly device: string; readonly onnxruntime: string; readonly products?: string } | null;
}

/** `manifest.json` of a cache entry: what it was made from, and what it holds. */
export interface Manifest {
  readonly format: 1;
  /** ISO 8601. */
  readonly made: string;
  readonly parts: KeyParts;
  /** By the path in the entry, with slashes. */
  readonly files: Readonly<Record<string, FileRecord>>;
}

interface FileRecord {
  readonly size: number;
  readonly sha256: string;
}

/** What an entry must be. */
export interface Expected {
  /** Hash of its parts. */
  readonly key: string;
  /** Paths of files that it has at least. */
  readonly files: readonly string[];
}

const NAME = 'manifest.json';

const shape: ShapeOf<Manifest> = object({
  format: primitive<1>('1', (value) => value === 1),
  made: text,
  parts: object({
    stage: text,
    version: count,
    params: () => undefined,
    contents: record(text),
    fold: nullable(count),
    inputs: record(list(text)),
    engine: nullable(object({ device: text, onnxruntime: text, products: optional(text) })),
  }),
  files: record(object({ size: count, sha256: text })),
});

/** Describes the files of a finished folder, in the folder. Throws a `run` error where one that it should have is missing. */
export async function writeManifest(folder: string, parts: KeyParts, { files: needed }: Pick<Expected, 'files'>): Promise<void> {
  const files: Record<string, FileRecord> = {};
  for (const path of filesBelow(folder)) files[nameIn(folder, path)] = await recordOf(path);
  const lost = needed.find((name) => !Object.hasOwn(files, name));
  if (lost !== undefined) {
    throw new OrtrainError('run', `the output of the stage ${parts.stage} lost its ${lost} before it was complete`, {
      subject: lost,
      remedy: 'Another program removes files from the artifacts folder; start again without it.',
    });
  }
  writeJsonAtomic(join(folder, NAME), { format: 1, made: new Date().toISOString(), parts, files } satisfies Manifest);
}

/** Undefined where there is none, or none that can be read. */
export function readManifest(folder: string): Manifest | undefined {
  const path = join(folder, NAME);
  try {
    return lstatSync(path).isFile() ? readJsonInput(path, shape) : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with an entry, as a sentence; undefined where every file is as it was made. Reads them all. */
export async function whatIsBroken(folder: string, { key, files }: Expected): Promise<string | undefined> {
  const kind = kindOf(lstatSync(folder));
  if (kind !== 'a directory') return `it is ${kind ?? 'a file'}`;
  const manifest = readManifest(folder);
  if (manifest === undefined) return `${NAME} is missing or cannot be read`;
  if (keyOf(manifest) !== key) return `${NAME} is that of another entry`;
  const lost = files.find((name) => !Object.hasOwn(manifest.files, name));
  if (lost !== undefined) return `${NAME} does not know ${lost}`;
  for (const [name, made] of Object.entries(manifest.files)) {
    if (/^\.\.|^[\\/]/.test(normalize(name))) return `${NAME} names a file outside of the entry`;
    const problem = await whatIsWrong(folder, name, made);
    if (problem !== undefined) return `${shortened(name)} ${problem}`;
  }
  return undefined;
}

/** Undefined for parts so deep that they cannot be written as text. */
function keyOf({ parts }: Manifest): string | undefined {
  try {
    return hashOf(parts);
  } catch {
    return undefined;
  }
}

async function whatIsWrong(folder: string, name: string, { size, sha256 }: FileRecord): Promise<string | undefined> {
  const path = join(folder, name);
  try {
    for (let above = dirname(path); above !== folder; above = dirname(above)) {
      if (kindOf(lstatSync(above)) !== 'a directory') return 'is missing';
    }
    const stats = lstatSync(path);
    const kind = kindOf(stats);
    if (kind !== undefined) return `is ${kind}`;
    if (stats.size !== size) return `has ${stats.size} bytes, and had ${size} when it was made`;
    return (await contentHash(path)) === sha256 ? undefined : 'was changed after it was made';
  } catch (error) {
    if (isRefusal(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE')) return 'is missing';
    const { code, message } = error as NodeJS.ErrnoException;
    return `cannot be read (${code ?? message})`;
  }
}

/** Paths of an entry's files below one of its files or folders, by their names there: those that the manifest knows, and no others. */
export function filesUnder(folder: string, part: string): readonly string[] {
  return Object.keys(readManifest(folder)?.files ?? {}).filter((name) => name === part || name.startsWith(`${part}/`));
}

/** Bytes of all files below a folder, as far as they are to be seen. */
export function folderSize(folder: string): number {
  return filesBelow(folder).reduce((bytes, path) => bytes + (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}

async function recordOf(path: string): Promise<FileRecord> {
  return { size: lstatSync(path).size, sha256: await hashFile(path) };
}

function nameIn(folder: string, path: string): string {
  return relative(folder, path).replaceAll('\\', '/');
}

/** None where the folder has gone meanwhile. */
function filesBelow(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) =>
      entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
    );
  } catch (error) {
    if (isRefusal(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
