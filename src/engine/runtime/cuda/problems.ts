import type { CudaLook } from './libraries.ts';

export interface DeviceProblem {
  /** A sentence without a final full stop. */
  readonly reason: string;
  /** What to do about it: one command where one does it. */
  readonly remedy: string;
}

/**
 * Why CUDA does not work.
 *
 * @param said what onnxruntime has printed and thrown, since the error alone says
 *   `Failed to load shared library`; empty where it was not tried
 */
export function explainCuda(said: string, look: CudaLook, platform = `${process.platform} ${process.arch}`): DeviceProblem {
  if (platform !== 'linux x64')
    return { reason: `onnxruntime-node has CUDA on linux x64 alone, and this is ${platform}`, remedy: 'Use --device webgpu or cpu.' };
  const library = missingLibrary(said);
  if (look.missingFiles.length > 0 || library?.startsWith('libonnxruntime_providers_') === true) return noProvider(look);
  if (library === 'libcuda.so.1') return noDriver(look);
  if (library !== undefined) return noLibrary(library, look);
  const known = failures.find(({ sign }) => sign.test(said));
  return (
    known?.problem(look) ?? {
      reason: `onnxruntime says: ${said.trim().split('\n').at(-1) ?? ''}`,
      remedy: 'Check CUDA on this machine with: pipeline doctor',
    }
  );
}

/** The library that the loader of the system did not find, `libcuda.so.1`. */
export function missingLibrary(said: string): string | undefined {
  const end = said.indexOf(': cannot open shared object file');
  const name = end === -1 ? undefined : said.slice(Math.max(0, end - LONGEST_NAME), end).split(/[^\w.+-]/).at(-1);
  return name?.includes('.so') === true ? name : undefined;
}

const LONGEST_NAME = 255;

function noProvider({ missingFiles, driver }: CudaLook): DeviceProblem {
  const files = missingFiles.length === 0 ? '' : ` (${missingFiles.join(', ')})`;
  return {
    reason: `onnxruntime's provider for CUDA is not installed${files}${driver ? '' : `, and there is ${NO_DRIVER}`}`,
    remedy:
      `${driver ? '' : "Install NVIDIA's driver first. "}The provider comes with: npm rebuild onnxruntime-node ` +
      '--ignore-scripts=false',
  };
}

const NO_DRIVER = 'no NVIDIA driver (libcuda.so.1)';

function noDriver({ version, missingLibraries }: CudaLook): DeviceProblem {
  const libraries = missingLibraries.length === 0 ? '' : `; ${missingLibraries.join(', ')} are missing too`;
  return { reason: `there is ${NO_DRIVER}${libraries}`, remedy: `Install NVIDIA's driver, ${oldestDriver(version)} or later.` };
}

function noLibrary(library: string, { version, missingLibraries, driver }: CudaLook): DeviceProblem {
  const missing = [...new Set([library, ...missingLibraries])];
  return {
    reason:
      `CUDA's ${missing.length === 1 ? `library ${library} is` : `libraries ${missing.join(', ')} are`} ` +
      `missing${driver ? '' : `, and there is ${NO_DRIVER}`}`,
    remedy: `CUDA's libraries come with: ${bringLibraries(version)}`,
  };
}

/** Each by what onnxruntime says in that case. */
const failures: readonly { readonly sign: RegExp; readonly problem: (look: CudaLook) => DeviceProblem }[] = [
  {
    sign: /undefined symbol: \w+, version lib|version `\S+' not found/,
    problem: ({ version }) => ({
      reason: `a library of CUDA is not of the version that onnxruntime's provider was built for (${version ?? 'unknown'})`,
      remedy: `Those of the right version come with: ${bringLibraries(version)}`,
    }),
  },
  {
    sign: /CUDA failure 35\b|driver version is insufficient/,
    problem: ({ version }) => ({
      reason: `NVIDIA's driver is too old for CUDA ${version ?? ''}`.trim(),
      remedy: `Install driver ${oldestDriver(version)} or later.`,
    }),
  },
  {
    sign: /CUDA failure 100\b|no CUDA-capable device/,
    problem: () => ({
      reason: 'the driver shows no GPU to this process',
      remedy: 'Check nvidia-smi and CUDA_VISIBLE_DEVICES; a container needs access to the GPU (docker run --gpus all).',
    }),
  },
  {
    sign: /CUDA failure 209\b|no kernel image is available/,
    problem: () => ({
      reason: "onnxruntime's provider has no kernels for this GPU's generation",
      remedy: 'Use --device webgpu, or another GPU.',
    }),
  },
  {
    sign: /CUDA failure 2\b|out of memory/i,
    problem: () => ({ reason: "the GPU's memory is full", remedy: 'Use nvidia-smi to see which process holds it.' }),
  },
];

/** The oldest that CUDA runs on, by CUDA's release notes. */
function oldestDriver(version: number | null): string {
  return version === 13 ? '580' : '525';
}

/** NVIDIA's own wheels, into a folder of their own: no root, no toolkit. */
function bringLibraries(version: number | null): string {
  const wheels =
    version === 13
      ? ['nvidia-cuda-runtime', 'nvidia-cublas', 'nvidia-curand', 'nvidia-cudnn-cu13']
      : ['nvidia-cuda-runtime-cu12', 'nvidia-cublas-cu12', 'nvidia-curand-cu12', 'nvidia-cufft-cu12', 'nvidia-cudnn-cu12'];
  return `python3 -m venv .cuda && .cuda/bin/pip install ${wheels.join(' ')} && export ORTRAIN_CUDA_LIBRARIES=$PWD/.cuda`;
}
