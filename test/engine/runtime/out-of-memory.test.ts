import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { packError, unpackError } from '../../../src/core/packed-errors.ts';
import { isOutOfMemory, outOfMemory } from '../../../src/engine/runtime/out-of-memory.ts';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import { trainingStepOf } from '../../../src/engine/models/index.ts';
import { sgd } from '../../../src/engine/optim/index.ts';
import type { Feeds } from '../../../src/engine/program.ts';
import { openTrainer, type Device, type Trainer } from '../../../src/engine/runtime/index.ts';
import { withinMemory } from '../../../src/training/within-memory.ts';
import { because } from '../../helpers/skips.ts';

const NODE = "Non-zero status code returned while running FusedMatMul node. Name:'FusedMatMul_19' Status Message: ";
const ARENA =
  '/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) ';

/** Seen: on the CPU provider under ulimit -v, and on Mesa's lavapipe with WebGPU. */
const SEEN: readonly (readonly [Device, string])[] = [
  ['cpu', `${NODE}${ARENA}Failed to allocate memory for requested buffer of size 68719476736\n`],
  [
    'webgpu',
    'WebGPU device error(3): vkCreateBuffer failed with VK_ERROR_OUT_OF_DEVICE_MEMORY\n - While calling [Device].CreateBuffer([BufferDescriptor]).',
  ],
  [
    'webgpu',
    "Non-zero status code returned while running MatMul node. Name:'MatMul_20' Status Message: /onnxruntime_src/onnxruntime/core/providers/webgpu/shader_helper.cc:306 onnxruntime::webgpu::ShaderVariableHelper& onnxruntime::webgpu::ShaderHelper::AddVariableImpl(bool, const std::string&, onnxruntime::webgpu::ShaderUsage, const onnxruntime::TensorShape&, uint32_t) numbers_storage_buffers_ <= limits_.maxStorageBuffersPerShaderStage was false. Too many storage buffers in shader. Current: 18, Max is 16\n",
  ],
  ['cpu', 'WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory for new instance'],
];

/** Written as the sources of onnxruntime 1.30, CUDA and Dawn write them; not seen on a GPU. */
const READ: readonly (readonly [Device, string])[] = [
  ['cuda', `${NODE}${ARENA}Failed to allocate memory for requested buffer of size 1073741824\n`],
  ['cuda', `${NODE}${ARENA}Available memory of 104857600 is smaller than requested bytes of 1073741824\n`],
  [
    'cuda',
    '/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(...) CUDA failure 2: out of memory ; GPU=0 ; hostname=gpu ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_allocator.cc ; line=35 ; expr=cudaMalloc((void**)&p, size);',
  ],
  ['cuda', 'CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0 ; hostname=gpu ; expr=cublasCreate(&cublas_handle_);'],
  ['cuda', 'CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED ; GPU=0 ; hostname=gpu ; expr=cudnnCreate(&cudnn_handle_);'],
  ['webgpu', 'Out of memory. - While calling [Device].CreateBuffer([BufferDescriptor]).'],
  ['webgpu', 'D3D12 create buffer failed with E_OUTOFMEMORY (0x8007000E)'],
  ['cpu', 'std::bad_alloc'],
  ['cpu', 'bad allocation'],
  ['cpu', 'Array buffer allocation failed'],
  ['cpu', 'WebAssembly.Memory.grow(): Unable to grow instance memory'],
];

const LOST: readonly (readonly [Device, string])[] = [
  ['webgpu', 'WebGPU device lost (1): vkQueueSubmit failed with VK_ERROR_DEVICE_LOST'],
  ['webgpu', 'Device was lost: DXGI_ERROR_DEVICE_HUNG (0x887A0006)'],
];

/** Of other things, some of which speak of memory as well. */
const OTHER: readonly (readonly [Device, string])[] = [
  ['cuda', 'CUDA failure 209: no kernel image is available for execution on the device ; GPU=0'],
  ['cuda', 'CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=gpu'],
  ['cuda', 'CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED ; GPU=0'],
  [
    'cpu',
    "Non-zero status code returned while running Gather node. Name:'Gather_3' Status Message: indices element out of data bounds, idx=12 must be within the inclusive range [-4,3]",
  ],
  ['cpu', 'Invalid Feed Input Name: memory'],
];

describe('what a runtime says', () => {
  test.each([...SEEN, ...READ])('of full memory is named, on %s: %s', (device, said) => {
    const error = outOfMemory(said, device, new Error(said));
    expect(error).toMatchObject({
      code: 'run',
      message: device === 'cpu' ? "this machine's memory is full" : "the GPU's memory is full",
      cause: { message: said },
    });
    expect(isOutOfMemory(unpackError(packError(error)))).toBe(true);
  });

  test.each(LOST)('of a GPU that is lost is named, on %s: %s', (device, said) => {
    expect(outOfMemory(said, device, null)?.message).toMatch(/^the GPU was lost/);
    expect(outOfMemory(said, 'cpu', null)).toBeUndefined();
  });

  test.each(OTHER)('of anything else is not, on %s: %s', (device, said) => {
    expect(outOfMemory(said, device, null)).toBeUndefined();
  });
});

test('other errors of a run are not about memory', () => {
  expect(isOutOfMemory(new OrtrainError('run', 'the loss is not finite', { subject: 'train[0]' }))).toBe(false);
  expect(isOutOfMemory(new Error('out of memory'))).toBe(false);
});

/** Linux says so at once where more is asked for than there is, unless it is told to promise anything. */
const refuses = process.platform === 'linux' && readFileSync('/proc/sys/vm/overcommit_memory', 'utf8').trim() !== '1';

/** A step that holds a product of all rows with all rows. */
function openSquares(): Promise<Trainer> {
  const g = graphBuilder('squares');
  const [x, w] = [g.input('x', 'float32', ['B', 1]), g.input('w', 'float32', [1, 1])];
  const all = g.MatMul(g.MatMul(x, w), g.reshape(x, [1, 'B']));
  g.output('y', g.ReduceMean(all, { axes: [1] }));
  const programs = trainingStepOf(g.build(), { parameters: ['w'], loss: 'mse' });
  const optimizer = { rule: sgd({ momentum: 0, nesterov: false }) };
  return openTrainer({ ...programs, source: (_spec, into) => into.fill(0.5), threads: 1, optimizer, clipNorm: null, seed: 1 });
}

test.skipIf(because('full memory (this system promises more than there is)', !refuses))(
  'memory that is really full ends a step with what to do, and the trainer goes on with a smaller one',
  async () => {
    const [rows, width] = [2 ** 21, 1]; // 2²¹ × 2²¹ float32 are 16 TiB
    const feeds = (length: number): Feeds =>
      Object.fromEntries(
        ['x', 'targets'].map((name) => [name, { dtype: 'float32', shape: [length, 1], data: new Float32Array(length).fill(1) }]),
      );
    const trainer = await openSquares();
    try {
      const before = await trainer.snapshot();
      const step = withinMemory({ key: 'training.micro_batch', rows, width }, () => trainer.step(feeds(rows), { lr: 1 }));
      await expect(step).rejects.toMatchObject({
        code: 'run',
        message: `this machine's memory is full: a step of ${rows} × 1 tokens at a time is too much`,
        remedy: expect.stringContaining(`Set training.micro_batch: ${rows / 2};`),
        problems: [{ field: 'training.micro_batch' }],
        cause: { message: expect.stringContaining('Failed to allocate memory') },
      });
      expect(await trainer.snapshot()).toEqual(before);
      const forward = withinMemory({ key: 'training.eval_batch_size', rows: 1, width }, () => trainer.forward(feeds(rows)));
      await expect(forward).rejects.toMatchObject({
        message: expect.stringContaining('evaluation of 1 ×'),
        remedy: expect.stringContaining('max_seq_length'),
      });
      expect((await trainer.step(feeds(4), { lr: 1 })).loss).toBeCloseTo(0.25, 6);
    } finally {
      await trainer.release();
    }
  },
);
