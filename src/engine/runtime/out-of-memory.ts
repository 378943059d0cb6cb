import { OrtrainError } from '../../core/errors.ts';
import type { Device } from './trainer.ts';

/** What onnxruntime, the drivers under it and JavaScript say where memory runs out. */
const FULL: readonly RegExp[] = [
  /Failed to allocate memory for requested buffer of size/, // the arena of the CPU and of CUDA
  /Available memory of \d+ is smaller than requested bytes of/, // an arena with a limit
  /CUDA failure 2\b|cudaErrorMemoryAllocation/,
  /CU(?:BLAS|DNN)_STATUS_(?:ALLOC_FAILED|INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)/,
  /VK_ERROR_OUT_OF_(?:DEVICE|HOST)_MEMORY|E_OUTOFMEMORY/,
  /Too many storage buffers in shader/, // onnxruntime cuts a tensor that no binding of WebGPU can hold into several, up to a limit
  /std::bad_alloc|bad allocation/,
  /Array buffer allocation failed|Unable to grow instance memory|Cannot allocate Wasm memory/,
  /\bout of memory\b/i,
];

/** What Dawn and the drivers say of a GPU that no longer answers. */
const LOST = /VK_ERROR_DEVICE_LOST|DXGI_ERROR_DEVICE_(?:REMOVED|HUNG)|\bdevice (?:was |is )?lost\b/i;

/** Whether that is what these words are about. */
export function tellsOfMemory(said: string): boolean {
  return FULL.some((sign) => sign.test(said));
}

const SUBJECT = 'memory of ';

/** `cause`: what was said where it ran out. Undefined where that is not about memory, nor about a GPU that was lost. */
export function outOfMemory(said: string, device: Device, cause: unknown): OrtrainError | undefined {
  const isFull = tellsOfMemory(said);
  if (!isFull && (device === 'cpu' || !LOST.test(said))) return undefined;
  const message = isFull
    ? `${memoryOf(device)} is full`
    : 'the GPU was lost while it computed; most often its memory is full, or its driver takes a step for too long';
  return new OrtrainError('run', message, {
    subject: `${SUBJECT}${device}`,
    remedy: 'Let fewer rows go through the model at a time, or take a smaller model.',
    cause,
  });
}

/** True for what `outOfMemory` made, wherever it has been since. */
export function isOutOfMemory(error: unknown): error is OrtrainError {
  return error instanceof OrtrainError && error.code === 'run' && error.subject?.startsWith(SUBJECT) === true;
}

function memoryOf(device: Device): string {
  return device === 'cpu' ? "this machine's memory" : "the GPU's memory";
}
