import { lower, peakBytes, type Symbols } from '../graph/index.ts';
import { deviceStep, summedStep, type Optimizer, type StateSpec } from '../optim/index.ts';
import type { ForwardProgram, StepProgram } from '../program.ts';
import { sumOf } from '../step-analysis.ts';

/** Where a model computes with memory of its own. */
export type GpuDevice = 'cuda' | 'webgpu';

/** Bytes of a GPU's memory that a step takes at its worst moment, by what they hold: an estimate. */
export interface DeviceMemory {
  /** Parameters, frozen ones too, and what the optimizer keeps. */
  readonly state: number;
  /** What a run of steps has begun with, which onnxruntime holds until the run ends: on CUDA, where it comes from the host. */
  readonly begun: number;
  /** Sums of gradients, where a batch is cut into micro-batches. */
  readonly sums: number;
  /** What the graph holds at its peak: activations, dropout masks, gradients and the new state. */
  readonly values: number;
  /** What the runtime takes beyond that: its context, its workspace, and what lies idle in its arena. */
  readonly runtime: number;
  readonly total: number;
}

/**
 * What stands beside the tensors. A context of CUDA with cuBLAS and the provider's kernels is given as 0.3 to 0.6 GB, and cuBLAS takes a
 * workspace of 32 MiB; a device of WebGPU is given as 0.1 to 0.3 GB.
 */
const RUNTIME: Readonly<Record<GpuDevice, number>> = { cuda: 600e6, webgpu: 300e6 };

/**
 * An arena is larger than its contents: by 8 to 10 % on the CPU (measured); WebGPU rounds buffers up. CUDA's grows by doubling while the
 * GPU has room, so a monitor shows more than is needed: on an H100, 6.9 GB where this estimate is 5.6 GB (BERT-base, 32 × 64), and 2.8 GB
 * where it is 1.7 (6 layers × 384).
 */
const ARENA: Readonly<Record<GpuDevice, number>> = { cuda: 1.1, webgpu: 1.2 };

/** A step's memory as a function of its batch. */
export interface DeviceMemoryOf {
  /** A whole batch at a time. */
  whole(lengths: Symbols): DeviceMemory;
  /** `lengths`: those of one of several micro-batches. */
  part(lengths: Symbols): DeviceMemory;
}

/** By the very graphs that train on the device, which are built once. */
export function deviceMemory(program: StepProgram, optimizer: Optimizer, clipNorm: number | null, device: GpuDevice): DeviceMemoryOf {
  const options = { stacked: device === 'cuda' };
  const step = deviceStep(program, optimizer, clipNorm, options);
  const graph = lower(step.graph, device);
  const state = stateBytes(program, step.state);
  const begun = device === 'cuda' ? state : 0;
  let summed: ReturnType<typeof summedStep> | undefined;
  return {
    whole: (lengths) => totalled(device, { state, begun, sums: 0, values: peakBytes(graph, lengths) }),
    part(lengths) {
      summed ??= loweredStep(summedStep(program, optimizer, clipNorm, options), device);
      const sums = bytesOfSpecs(summed.add.sums);
      const values = Math.max(peakBytes(summed.add.graph, lengths), peakBytes(summed.apply.graph, new Map()));
      return totalled(device, { state, begun, sums, values });
    },
  };
}

/** A forward pass, whose parameters are all that stays. */
export function forwardMemory({ graph, parameters }: ForwardProgram, lengths: Symbols, device: GpuDevice): DeviceMemory {
  return totalled(device, { state: sumOf(parameters).bytes, begun: 0, sums: 0, values: peakBytes(lower(graph, device), lengths) });
}

function totalled(device: GpuDevice, tensors: Pick<DeviceMemory, 'state' | 'begun' | 'sums' | 'values'>): DeviceMemory {
  const held = tensors.state + tensors.begun + tensors.sums + tensors.values;
  const runtime = RUNTIME[device] + (ARENA[device] - 1) * held;
  return { ...tensors, runtime, total: held + runtime };
}

function loweredStep({ add, apply }: ReturnType<typeof summedStep>, device: GpuDevice): ReturnType<typeof summedStep> {
  return { add: { ...add, graph: lower(add.graph, device) }, apply: { ...apply, graph: lower(apply.graph, device) } };
}

/** Of the state and of the parameters that are not trained. */
function stateBytes({ parameters }: StepProgram, state: readonly StateSpec[]): number {
  const trained = new Set(state.flatMap((spec) => spec.parameters));
  return bytesOfSpecs(state) + sumOf(parameters.filter(({ name }) => !trained.has(name))).bytes;
}

function bytesOfSpecs(specs: readonly { readonly shape: readonly number[] }[]): number {
  return specs.reduce((total, { shape }) => total + 4 * shape.reduce((product, length) => product * length, 1), 0);
}
