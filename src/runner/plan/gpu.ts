import { valueAt } from '../../core/values.ts';
import type { Experiment } from '../../config/index.ts';
import { deviceMemory, forwardMemory, type DeviceMemory, type GpuDevice } from '../../engine/runtime/index.ts';
import type { Symbols } from '../../engine/graph/index.ts';
import { classifierPrograms, emptyTargets, encodingPrograms, optimizerOf } from '../../training/index.ts';
import { gpuMemory, type GpuMemory } from '../machine/gpu-memory.ts';
import { lengthsOf } from '../jobs/training-steps.ts';
import { largestPart, type BatchSize, type PlannedBatches } from './planned-batches.ts';
import type { Part, Workload } from './workload.ts';

/** The memory that a run takes of a GPU, and whether the GPU has it. */
export interface GpuPlan {
  readonly device: GpuDevice;
  /** What needs most: training, or texts that go through a model without training it. */
  readonly most: 'training' | 'evaluation';
  /** Rows that go through the model at a time, and tokens that each is padded to. */
  readonly rows: number;
  readonly width: number;
  readonly memory: DeviceMemory;
  /** Of this machine's GPU; null where it is not known. */
  readonly gpu: GpuMemory | null;
  /** Null where the GPU's memory is not known. */
  readonly fits: boolean | null;
  /**
   * Where it does not fit: the rows at a time that would, as the value of training.micro_batch or eval_batch_size; null where none would,
   * or it fits.
   */
  readonly remedy: {
    readonly key: 'training.micro_batch' | 'training.eval_batch_size';
    readonly rows: number;
    readonly bytes: number;
  } | null;
}

/** Null where nothing goes through a model. */
export async function gpuPlan(
  workload: Workload,
  training: Experiment['training'],
  device: GpuDevice,
  gpu?: GpuMemory | null,
): Promise<GpuPlan | null> {
  const needs = [trainingNeed(workload, training, device), evaluationNeed(workload, device)].filter((need) => need !== null);
  const [worst] = needs.toSorted((a, b) => b.at(b.rows).memory.total - a.at(a.rows).memory.total);
  if (worst === undefined) return null;
  const found = gpu === undefined ? await gpuMemory() : gpu;
  const { memory, width } = worst.at(worst.rows);
  const fits = found === null ? null : memory.total <= found.totalBytes;
  return {
    device,
    most: worst.most,
    rows: worst.rows,
    width,
    memory,
    gpu: found,
    fits,
    remedy: fits === false && found !== null ? fitting(worst, found.totalBytes) : null,
  };
}

/** What some part of a run takes by how many rows go through the model at a time. */
interface Need {
  readonly most: GpuPlan['most'];
  readonly key: NonNullable<GpuPlan['remedy']>['key'];
  readonly rows: number;
  at(rows: number): { readonly memory: DeviceMemory; readonly width: number };
}

/** The largest power of two below the rows that are too many, as far as one fits. */
function fitting({ key, rows, at }: Need, most: number): GpuPlan['remedy'] {
  for (let fewer = 2 ** Math.floor(Math.log2(Math.max(1, rows - 1))); fewer >= 1; fewer /= 2) {
    const bytes = fewer < rows ? at(fewer).memory.total : Infinity;
    if (bytes <= most) return { key, rows: fewer, bytes };
  }
  return null;
}

function trainingNeed(workload: Workload, training: Experiment['training'], device: GpuDevice): Need | null {
  const { whole, part, precision } = workload;
  const sizes = [...workload.models.values()].flatMap((planned) => planned.training.sizes);
  if (sizes.length === 0) return null;
  const { step } = classifierPrograms(whole, part, precision);
  const of = deviceMemory(step, optimizerOf(training, whole.encoder), training.clip_norm, device);
  return {
    most: 'training',
    key: 'training.micro_batch',
    rows: Math.min(training.micro_batch ?? Infinity, Math.max(...sizes.map(({ rows }) => rows.length))),
    at(rows) {
      const size = largestPart(sizes, rows)!;
      const feeds = { ...workload.feeds('train', size), ...emptyTargets(whole, size.rows.length) };
      const lengths = lengthsOf(step, feeds);
      return { memory: sizes.some((batch) => batch.rows.length > rows) ? of.part(lengths) : of.whole(lengths), width: size.width };
    },
  };
}

/** A forward pass of what comes after training, or before it through a frozen encoder. */
function evaluationNeed(workload: Workload, device: GpuDevice): Need | null {
  const { whole, part: trained, precision, encoding, models, prediction } = workload;
  const { forward } = classifierPrograms(whole, trained, precision);
  const sizesOf = (all: readonly (PlannedBatches | undefined)[]): readonly BatchSize[] => all.flatMap((planned) => planned?.sizes ?? []);
  const ways = [
    {
      program: trained.fed === 'tokens' ? forward : encodingPrograms(whole, trained)[0],
      feeds: (size: BatchSize, part: Part) => workload.texts(part, size),
      part: 'train' as const,
      sizes: sizesOf([encoding.get('train')]),
    },
    {
      program: forward,
      feeds: (size: BatchSize, part: Part) => workload.feeds(part, size),
      part: 'train' as const,
      sizes: sizesOf([...models.values()].map(({ validation }) => validation)),
    },
    {
      program: forward,
      feeds: (size: BatchSize, part: Part) => workload.feeds(part, size),
      part: 'test' as const,
      sizes: sizesOf([prediction]),
    },
  ].filter(({ sizes }) => sizes.length > 0);
  if (ways.length === 0) return null;
  const need = (rows: number): { readonly memory: DeviceMemory; readonly width: number } => {
    const each = ways.map(({ program, feeds, part, sizes }) => {
      const size = largestPart(sizes, rows)!;
      const lengths: Symbols = lengthsOf(program, feeds(size, part));
      return { memory: forwardMemory(program, lengths, device), width: size.width };
    });
    return valueAt(each.toSorted((a, b) => b.memory.total - a.memory.total), 0);
  };
  return {
    most: 'evaluation',
    key: 'training.eval_batch_size',
    rows: Math.max(...ways.flatMap(({ sizes }) => sizes.map(({ rows }) => rows.length))),
    at: need,
  };
}
