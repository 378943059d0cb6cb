import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runtimeFolder } from '../installed.ts';

/** What there is of CUDA on this machine, as its files tell. Only trying it says whether it works. */
export interface CudaLook {
  /** Files of onnxruntime's provider that are not beside its binaries. */
  readonly missingFiles: readonly string[];
  /** The version of CUDA that the provider was built for; null without a provider. */
  readonly version: number | null;
  /** Libraries that the provider is linked to and that are in none of the places where the loader looks. */
  readonly missingLibraries: readonly string[];
  /** True where the driver's library is there. */
  readonly driver: boolean;
  /** The GPU's name; null where the driver shows none. */
  readonly gpu: string | null;
}

type Variables = Readonly<Record<string, string | undefined>>;

export function lookForCuda(env: Variables): CudaLook {
  const providers = join(runtimeFolder(), 'bin/napi-v6', process.platform, process.arch);
  const missingFiles = PROVIDER_FILES.filter((name) => !existsSync(join(providers, name)));
  const folders = [...list(env['LD_LIBRARY_PATH']), ...cudaFolders(env)];
  const known = existsSync(LOADER_CACHE) ? readFileSync(LOADER_CACHE, 'latin1') : '';
  const isThere = (name: string): boolean =>
    known.includes(`${name}\0`) || [...folders, ...DRIVER_FOLDERS].some((folder) => existsSync(join(folder, name)));
  const linked = missingFiles.length > 0 ? [] : linkedLibraries(join(providers, CUDA_PROVIDER));
  const version = /libcudart\.so\.(\d+)/.exec(linked.join(' '))?.[1];
  return {
    missingFiles,
    version: version === undefined ? null : Number(version),
    missingLibraries: linked.filter((name) => name !== DRIVER && !isThere(name)),
    driver: isThere(DRIVER),
    gpu: gpuName(),
  };
}

const CUDA_PROVIDER = 'libonnxruntime_providers_cuda.so';
const PROVIDER_FILES = ['libonnxruntime_providers_shared.so', CUDA_PROVIDER];
const DRIVER = 'libcuda.so.1';
const LOADER_CACHE = '/etc/ld.so.cache';
/** Where containers and WSL mount the driver, known to the loader's cache or not. */
const DRIVER_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib/wsl/lib'];

/** The names that the dynamic linker will ask for stand in the first pages of the file. */
function linkedLibraries(path: string): readonly string[] {
  const head = Buffer.alloc(1 << 18);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return [...new Set(head.toString('latin1').match(/\blib(?:cu|nv)\w*\.so\.\d+/g))];
}

function gpuName(): string | null {
  const root = '/proc/driver/nvidia/gpus';
  const [first] = entries(root);
  const text = first === undefined ? '' : readFileSync(join(root, first, 'information'), 'utf8');
  return /^Model:\s*(.+)$/m.exec(text)?.[1] ?? null;
}

/**
 * The variables that a process on CUDA is started with. The loader reads LD_LIBRARY_PATH once, when the process starts; to set
 * it later, or to load the libraries one by one, does not help. The same goes for glibc and GLIBC_TUNABLES.
 */
export function cudaVariables(env: Variables): Readonly<Record<string, string>> {
  const folders = [...cudaFolders(env), ...list(env['LD_LIBRARY_PATH'])];
  const tunables = [KEEP_MEMORY, ...list(env['GLIBC_TUNABLES'])].join(':');
  return { ...(folders.length === 0 ? {} : { LD_LIBRARY_PATH: [...new Set(folders)].join(delimiter) }), GLIBC_TUNABLES: tunables };
}

/**
 * Every run copies parameters and slots into new arrays. glibc would ask the kernel for their memory and give it back each time, and
 * clearing it page by page takes longer than the copy; so it keeps what is freed, in one arena, since no other takes large blocks.
 */
const KEEP_MEMORY = ['mmap_threshold=1099511627776', 'trim_threshold=1099511627776', 'arena_max=1']
  .map((tunable) => `glibc.malloc.${tunable}`)
  .join(':');

/**
 * Folders with libraries of CUDA that the loader may not know: those in or below the places that ORTRAIN_CUDA_LIBRARIES names,
 * in the active virtual environment of Python, and where the toolkit's installer puts them.
 */
function cudaFolders(env: Variables): readonly string[] {
  const roots = [
    ...list(env['ORTRAIN_CUDA_LIBRARIES']),
    ...list(env['VIRTUAL_ENV']),
    ...list(env['CUDA_HOME']),
    ...list(env['CUDA_PATH']),
    '/usr/local/cuda',
  ];
  return [...new Set(roots.flatMap(foldersBelow))].filter((folder) => entries(folder).some((name) => /^libcu\w+\.so\.\d/.test(name)));
}

/** Of a folder of libraries, a toolkit, Python's site-packages with NVIDIA's wheels, or a virtual environment with them. */
function foldersBelow(root: string): readonly string[] {
  const sitePackages = entries(join(root, 'lib')).map((name) => join(root, 'lib', name, 'site-packages'));
  const wheels = [root, ...sitePackages].flatMap((folder) =>
    entries(join(folder, 'nvidia')).map((name) => join(folder, 'nvidia', name, 'lib')),
  );
  return [root, join(root, 'lib64'), join(root, 'lib'), ...wheels];
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function list(paths: string | undefined): readonly string[] {
  return (paths ?? '').split(delimiter).filter(Boolean);
}
