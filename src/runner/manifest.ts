import { readdirSync, statSync, type Stats } from 'node:fs';
import { join, normalize, relative } from 'node:path';
import { writeJsonAtomic } from '../core/files.ts';
import { hashFile } from '../core/hash.ts';
import { readJsonInput } from '../core/inputs.ts';
import { count, cut, list, nullable, number, object, primitive, record, text, type Shape } from '../core/shapes.ts';

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
  /** Null where no number comes from the engine. */
  readonly engine: { readonly device: string; readonly onnxruntime: string } | null;
}

/** `manifest.json` of a cache entry: what it was made from, and what it holds. */
export interface Manifest {
  readonly format: 1;
  /** ISO 8601. */
  readonly made: string;
  readonly parts: KeyParts;
  /** By the path in the entry. */
  readonly files: Readonly<Record<string, FileRecord>>;
}

interface FileRecord {
  readonly size: number;
  readonly sha256: string;
  /** Time of the last change in milliseconds, as long as which is the same the content need not be hashed. */
  readonly modified: number;
}

const NAME = 'manifest.json';

const shape: Shape = object({
  format: primitive('1', (value) => value === 1),
  made: text,
  parts: object({
    stage: text,
    version: count,
    params: () => undefined,
    contents: record(text),
    fold: nullable(count),
    inputs: record(list(text)),
    engine: nullable(object({ device: text, onnxruntime: text })),
  }),
  files: record(object({ size: count, sha256: text, modified: number })),
});

/** Describes the files of a finished folder, in the folder. */
export async function writeManifest(folder: string, parts: KeyParts): Promise<void> {
  const files: Record<string, FileRecord> = {};
  for (const path of filesBelow(folder)) files[relative(folder, path)] = await recordOf(path);
  writeJsonAtomic(join(folder, NAME), { format: 1, made: new Date().toISOString(), parts, files } satisfies Manifest);
}

/** Undefined where there is none, or none that can be read. */
export function readManifest(folder: string): Manifest | undefined {
  try {
    return readJsonInput<Manifest>(join(folder, NAME), shape);
  } catch {
    return undefined;
  }
}

/** What is wrong with an entry, as a sentence; undefined where every file is as it was made. */
export async function whatIsBroken(folder: string): Promise<string | undefined> {
  const manifest = readManifest(folder);
  if (manifest === undefined) return `${NAME} is missing or cannot be read`;
  for (const [name, { size, sha256, modified }] of Object.entries(manifest.files)) {
    if (/^\.\.|^[\\/]/.test(normalize(name))) return `${NAME} names a file outside of the entry`;
    const stat = fileAt(join(folder, name));
    if (stat === undefined) return `${cut(name)} is missing`;
    if (stat.size !== size) return `${cut(name)} has ${stat.size} bytes, and had ${size} when it was made`;
    if (stat.mtimeMs !== modified && (await hashFile(join(folder, name))) !== sha256) return `${cut(name)} was changed after it was made`;
  }
  return undefined;
}

/** Undefined where there is no file, or can be none of such a name. */
function fileAt(path: string): Stats | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() ? stat : undefined;
  } catch {
    return undefined;
  }
}

export function sizeOf(folder: string): number {
  return filesBelow(folder).reduce((bytes, path) => bytes + statSync(path).size, 0);
}

async function recordOf(path: string): Promise<FileRecord> {
  const { size, mtimeMs: modified } = statSync(path);
  return { size, sha256: await hashFile(path), modified };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}
