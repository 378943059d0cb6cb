import { OrtrainError } from './errors.ts';

/** What the operating system's refusals mean to a person, and what to do about them. */
const REFUSALS: Readonly<Record<string, readonly [meaning: string, remedy: string]>> = {
  ENOSPC: [
    'the disk is full',
    'Free some space (pipeline cache prune lists what no run needs), then start again: complete outputs are kept.',
  ],
  EDQUOT: [
    'the disk quota is used up',
    'Free some space (pipeline cache prune lists what no run needs), then start again: complete outputs are kept.',
  ],
  EFBIG: ['the file would be larger than files may be here', 'Raise the limit with: ulimit -f unlimited; complete outputs are kept.'],
  EACCES: ['permission denied', 'Change the permissions, or choose another folder with --artifacts.'],
  EPERM: ['permission denied', 'Change the permissions, or choose another folder with --artifacts.'],
  ENOTDIR: ['a file is in the place of a folder', 'Choose another folder with --artifacts.'],
  EEXIST: ['something else with that name exists', 'Move it away, or choose another place.'],
  ENXIO: ['it is a pipe or device without a reader or writer', 'Move it away, or choose another place.'],
  EISDIR: ['a directory is in the place of a file', 'Move it away, or choose another place.'],
  ENOTEMPTY: ['a directory with that name exists and is not empty', 'Move it away, or choose another place.'],
  ENAMETOOLONG: ['the name is too long', 'Choose a shorter one.'],
  ELOOP: ['its links go in a circle', 'Remove the link, or choose another place.'],
  EBUSY: ['it is in use', 'End what uses it, or choose another place.'],
  ETXTBSY: ['it is in use', 'End what uses it, or choose another place.'],
  EROFS: ['the file system is read-only', 'Choose another folder with --artifacts.'],
  ESTALE: ['it was removed on the machine that shares it', 'Start again once the folder is there again.'],
  ENFILE: ['too many files are open on this machine', 'End other programs, or raise the limit of the system.'],
  EMFILE: ['too many files are open', 'Raise the limit with: ulimit -n 4096'],
  EIO: ['the disk does not answer', 'Check the disk; complete outputs are kept.'],
};

/** What Node says of the working directory. */
const DELETED = ['the working directory is no longer there', 'Change to a folder that exists, then start again.'] as const;

/** Whether the operating system, or Node in its place, refused with one of these codes. */
export function isRefusal(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

/** A refusal of the operating system as an error that names the path; anything else as it is. */
export function explained(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof OrtrainError) return error;
  const { code, syscall, path, dest } = error as NodeJS.ErrnoException & { readonly dest?: string };
  const [meaning, remedy] = code === 'ENOENT' && syscall === 'uv_cwd' ? DELETED : (REFUSALS[code ?? ''] ?? []);
  if (meaning === undefined || remedy === undefined) return error;
  const subject = dest ?? path;
  return new OrtrainError('environment', `${subject === undefined ? '' : `${subject}: `}${meaning}`, {
    ...(subject === undefined ? {} : { subject }),
    remedy,
    cause: error,
  });
}

/** Runs something that works on a file by its number, of which the system's own errors do not tell the path. */
export function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && !('path' in error)) throw Object.assign(error, { path });
    throw error;
  }
}
