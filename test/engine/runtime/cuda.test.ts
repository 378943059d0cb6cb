import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cudaVariables, lookForCuda, type CudaLook } from '../../../src/engine/runtime/cuda/libraries.ts';
import { explainCuda } from '../../../src/engine/runtime/cuda/problems.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';
import { because } from '../../helpers/skips.ts';

/** A machine with everything. */
const whole: CudaLook = { missingFiles: [], version: 13, missingLibraries: [], driver: true, gpu: 'NVIDIA H100 80GB HBM3' };
const noLibraries: CudaLook = {
  ...whole,
  missingLibraries: ['libcublasLt.so.13', 'libcublas.so.13', 'libcurand.so.10', 'libcudart.so.13'],
};

const bin = '/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64';
const thrown = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';

/**
 * As onnxruntime-node 1.30.0 prints it, seen with the provider files of onnxruntime-gpu 1.30.0 and what follows them missing one after the
 * other.
 */
const said = (library: string, error: string): string =>
  `\u001b[1;31m2026-11-25 21:34:05.885872614 [E:onnxruntime:onnxruntime-node, provider_bridge_ort.cc:2146 Create] /onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1988 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library ${bin}/${library} with error: ${error}\n\u001b[m\n${thrown}`;

const PROVIDER = 'libonnxruntime_providers_cuda.so';
const wheels13 =
  'python3 -m venv .cuda && .cuda/bin/pip install nvidia-cuda-runtime nvidia-cublas nvidia-curand nvidia-cudnn-cu13 && export ORTRAIN_CUDA_LIBRARIES=$PWD/.cuda';
const rebuild = 'npm rebuild onnxruntime-node --ignore-scripts=false';

describe('why CUDA does not work', () => {
  test.each([
    [
      'no bridge',
      said(
        'libonnxruntime_providers_shared.so',
        `${bin}/libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory`,
      ),
      whole,
      'provider for CUDA is not installed',
      rebuild,
    ],
    [
      'no provider',
      said(PROVIDER, `${bin}/${PROVIDER}: cannot open shared object file: No such file or directory`),
      whole,
      'provider for CUDA is not installed',
      rebuild,
    ],
    [
      'no libraries',
      said(PROVIDER, 'libcublasLt.so.13: cannot open shared object file: No such file or directory'),
      noLibraries,
      'libcublasLt.so.13, libcublas.so.13, libcurand.so.10, libcudart.so.13 are missing',
      wheels13,
    ],
    [
      'one library',
      said(PROVIDER, 'libcurand.so.10: cannot open shared object file: No such file or directory'),
      { ...whole, missingLibraries: ['libcurand.so.10'] },
      'library libcurand.so.10 is missing',
      wheels13,
    ],
    [
      'CUDA 12',
      said(PROVIDER, 'libcublasLt.so.12: cannot open shared object file: No such file or directory'),
      { ...whole, version: 12 },
      'libcublasLt.so.12 is missing',
      'nvidia-cublas-cu12',
    ],
    [
      'no driver',
      said(PROVIDER, 'libcuda.so.1: cannot open shared object file: No such file or directory'),
      { ...whole, driver: false },
      'no NVIDIA driver (libcuda.so.1)',
      '580 or later',
    ],
    [
      'other libraries',
      said(PROVIDER, `${bin}/${PROVIDER}: undefined symbol: cublasLtMatmulDescDestroy, version libcublasLt.so.13`),
      whole,
      'not of the version',
      wheels13,
    ],
    [
      'an old driver',
      'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0 ; hostname=h ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; line=292 ; expr=cudaSetDevice(info_.device_id);',
      whole,
      "NVIDIA's driver is too old for CUDA 13",
      '580 or later',
    ],
    [
      'no GPU',
      'CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=h',
      whole,
      'the driver shows no GPU',
      'nvidia-smi',
    ],
    ['anything else', 'CUDA failure 999: unknown error', whole, 'onnxruntime says: CUDA failure 999: unknown error', 'pipeline doctor'],
  ] satisfies readonly (readonly [string, string, CudaLook, string, string])[])('%s', (_, words, look, reason, remedy) => {
    const problem = explainCuda(words, look, 'linux x64');
    expect(problem.reason).toContain(reason);
    expect(problem.remedy).toContain(remedy);
  });

  test('is told without trying where files are missing, with the driver where that is missing too', () => {
    const look = { ...whole, missingFiles: ['libonnxruntime_providers_shared.so', PROVIDER], driver: false, version: null };
    const { reason, remedy } = explainCuda('', look, 'linux x64');
    expect(reason).toBe(
      `onnxruntime's provider for CUDA is not installed (libonnxruntime_providers_shared.so, ${PROVIDER}), and there is no NVIDIA driver (libcuda.so.1)`,
    );
    expect(remedy).toBe(`Install NVIDIA's driver first. The provider comes with: ${rebuild}`);
  });

  test('is the system where there is no CUDA for it', () => {
    expect(explainCuda('', whole, 'darwin arm64').reason).toBe('onnxruntime-node has CUDA on linux x64 alone, and this is darwin arm64');
  });
});

describe('the libraries of CUDA', () => {
  const root = temporaryFolder();
  const put = (...path: readonly string[]): string => {
    const file = join(root, ...path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
    return dirname(file);
  };

  test('are found in a virtual environment, in site-packages, in a toolkit and in a plain folder, before what the loader knew', () => {
    const venv = [
      put('venv/lib/python3.11/site-packages/nvidia/cu13/lib/libcudart.so.13'),
      put('venv/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9'),
    ];
    put('venv/lib/python3.11/site-packages/nvidia/other/lib/readme.txt');
    const [wheels, toolkit, plain] = [
      put('site/nvidia/cublas/lib/libcublas.so.12'),
      put('cuda-13.0/lib64/libcurand.so.10'),
      put('plain/libcublasLt.so.13'),
    ];
    const places = ['venv', 'site', 'cuda-13.0', 'plain', 'nothing'].map((name) => join(root, name)).join(':');
    const found = cudaVariables({ ORTRAIN_CUDA_LIBRARIES: places, LD_LIBRARY_PATH: '/opt/own' })['LD_LIBRARY_PATH']?.split(':') ?? [];
    expect(found.slice(0, 2).sort()).toEqual(venv.sort());
    expect(found.slice(2, 5)).toEqual([wheels, toolkit, plain]);
    expect(found.at(-1)).toBe('/opt/own');
    expect(cudaVariables({ VIRTUAL_ENV: join(root, 'venv') })['LD_LIBRARY_PATH']?.split(':').slice(0, 2).sort()).toEqual(venv);
  });

  test('large blocks of memory are kept, and what somebody tunes goes before', () => {
    const { GLIBC_TUNABLES: tunables } = cudaVariables({ GLIBC_TUNABLES: 'glibc.malloc.arena_max=8' });
    expect(tunables).toMatch(/mmap_threshold=\d+:.*arena_max=1:glibc.malloc.arena_max=8$/);
  });

  const hasGlibc = process.platform === 'linux' && !existsSync('/lib/ld-musl-x86_64.so.1');
  test.skipIf(because('the tunables of glibc (it is not here)', !hasGlibc))('arrays take the memory of those before', () => {
    const faults = (variables: Readonly<Record<string, string>>): number => {
      const thread = `
        const fill = () => { new Float32Array(1 << 24).fill(1); gc(); };
        const faults = () => process.resourceUsage().minorPageFault;
        for (let i = 0; i < 4; i += 1) fill();
        const before = faults();
        for (let i = 0; i < 4; i += 1) fill();
        console.log(faults() - before);`;
      const program = `new (require('node:worker_threads').Worker)(${JSON.stringify(thread)}, { eval: true })`;
      return Number(
        execFileSync(process.execPath, ['--expose-gc', '-e', program], { env: { ...process.env, ...variables }, encoding: 'utf8' }),
      );
    };
    const pages = (4 * 2 ** 26) / 4096;
    expect(faults({})).toBeGreaterThanOrEqual(pages);
    expect(faults(cudaVariables({}))).toBeLessThan(pages / 2);
  });

  test('no driver where no loader would find one', () => {
    const stub = put('driver/libcuda.so.1');
    expect(lookForCuda({ LD_LIBRARY_PATH: stub }).driver).toBe(true);
  });
});
