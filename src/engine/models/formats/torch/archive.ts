/**
 * The zip archive that `torch.save` writes since PyTorch 1.6: stored entries, aligned, with 64-bit sizes. Only its directory is read; what
 * the entries hold is read from the file when it is asked for.
 */
import { bytes, shortened } from '../../../../core/text.ts';
import { readZipDirectory, zipContentStart, type ZipEntry, type ZipFault } from '../../../../core/zip-directory.ts';
import type { OrtrainError } from '../../../../core/errors.ts';
import type { ByteSource } from '../byte-source.ts';
import type { Refuse } from './problems.ts';

/** Where an entry's bytes are. */
export interface Part {
  readonly begin: number;
  readonly end: number;
  /** Its CRC-32; 0 where whoever wrote it left that out. */
  readonly crc: number;
}

export interface Archive {
  readonly names: readonly string[];
  /** Throws where the entry is packed, or does not lie where the directory says; undefined where there is none of that name. */
  part(name: string): Part | undefined;
}

/** What the directory of a hundred thousand tensors takes. */
const MOST_DIRECTORY_BYTES = 2 ** 24;

export function openArchive(source: ByteSource, refuse: Refuse): Archive {
  const directory = readZipDirectory(source, MOST_DIRECTORY_BYTES);
  if ('fault' in directory) throw refusalOf(directory, refuse);
  const entries = new Map<string, ZipEntry>();
  for (const entry of directory.entries) {
    if (entries.has(entry.name)) throw refuse(`its archive holds ${shortened(entry.name)} twice`);
    entries.set(entry.name, entry);
  }
  return {
    names: [...entries.keys()],
    part(name) {
      const entry = entries.get(name);
      return entry === undefined ? undefined : partOf(source, entry, directory.begin, refuse);
    },
  };
}

function refusalOf(found: ZipFault, refuse: Refuse): OrtrainError {
  switch (found.fault) {
    case 'missing':
      return refuse('it begins as a zip archive, but the directory at its end is missing; the file is cut off');
    case 'misplaced':
      return refuse('the directory of its archive does not lie where its end says');
    case 'too large':
      return refuse(`the directory of its archive has ${bytes(found.size)}, more than any model's`);
    case 'damaged':
      return refuse('the directory of its archive is damaged');
  }
}

const STORED = 0;

function partOf(source: ByteSource, entry: ZipEntry, mostEnd: number, refuse: Refuse): Part {
  const { name, isEncrypted, method, crc, packedSize, size } = entry;
  if (isEncrypted) throw refuse(`${shortened(name)} in its archive is encrypted`);
  if (method !== STORED || packedSize !== size)
    throw refuse(
      `${shortened(name)} in its archive is compressed, and torch.save does not compress`,
      'Save the model again with save_pretrained().',
    );
  const begin = zipContentStart(source, entry);
  if (begin === undefined || begin + size > mostEnd)
    throw refuse(`${shortened(name)} does not lie where the directory of its archive says`);
  return { begin, end: begin + size, crc };
}
