import type { Experiment } from '../../config/index.ts';
import type { ModelId } from '../../core/model-name.ts';
import { peakBytes } from '../../engine/graph/index.ts';
import { headModel } from '../../engine/models/index.ts';
import type { Feeds, ForwardProgram } from '../../engine/program.ts';
import { parameterSums, stepMemory, sumOf } from '../../engine/step-analysis.ts';
import { classifierPrograms, emptyTargets, encodingPrograms, optimizerOf } from '../../training/index.ts';
import { lengthsOf } from '../jobs/training-steps.ts';
import { modelOf, type Job } from '../jobs/job-graph.ts';
import { largestPart, type BatchSize, type PlannedBatches } from './planned-batches.ts';
import type { Workload } from './workload.ts';

const runsSources = new URL(import.meta.url).pathname.endsWith('.ts');

/**
 * The process with its threads, both of which have loaded this program, and nothing to work on. On Linux with Node 20, 115 MB were
 * measured for the built package, and 200 to 220 MB for its TypeScript sources, which are compiled in both threads.
 */
const PROCESS = runsSources ? 210e6 : 115e6;

/** A process that trains one fold at a time beside others, with one thread and nothing to work on: 125 to 130 and 55 MB were measured. */
const LANE = runsSources ? 125e6 : 55e6;

/** onnxruntime's library and two sessions with their threads: 65 to 75 MB for 2 layers as for 6. */
const RUNTIME = 70e6;

/** The runtime's arena is larger than what is in it at the worst moment, by what lies idle between: 8 to 10 % were measured. */
const ARENA = 1.1;

/** JavaScript's own heap while it trains: 30 to 60 MB, by how many folds went before. */
const HEAP = 45e6;

/**
 * The most memory that the process will hold while it carries the job out, in bytes: that of the command, or where there are lanes the
 * fold's own.
 */
export function jobBytes(
  job: Pick<Job, 'stage' | 'fold' | 'seed'>,
  workload: Workload | undefined,
  training: Experiment['training'],
  lanes: number,
): number {
  if (workload === undefined) return PROCESS;
  switch (job.stage.name) {
    case 'train':
    case 'refit':
      return (lanes > 1 ? LANE : PROCESS) + RUNTIME + HEAP + trainingBytes(workload, modelOf(job), training);
    case 'encode':
      return PROCESS + RUNTIME + encodingBytes(workload);
    case 'predict':
      return PROCESS + RUNTIME + predictionBytes(workload);
    default:
      return PROCESS;
  }
}

/** All processes together while `folds` are trained side by side, of which each takes `each` bytes. */
export function besideBytes(folds: number, each: number): number {
  return PROCESS + folds * each;
}

/**
 * Parameters and the optimizer's state, gradients on their way between runtime and optimizer, dropout masks, what the two graphs hold
 * of their largest batches, and copies of the best model: the last one stays until the next one is complete.
 */
function trainingBytes(workload: Workload, model: ModelId, training: Experiment['training']): number {
  const { whole, part, precision } = workload;
  const { step, forward } = classifierPrograms(whole, part, precision);
  const planned = workload.of(model);
  const batch = largestPart(planned?.training.sizes ?? [], training.micro_batch);
  if (planned === undefined || batch === undefined) return 0;
  const feeds = { ...workload.feeds('train', batch), ...emptyTargets(whole, batch.rows.length) };
  const memory = stepMemory(step, lengthsOf(step, feeds), optimizerOf(training, whole.encoder).rule.slots.length);
  // Averages are evaluated in the place of the weights, of which a copy waits.
  const kept = Math.min(2, training.epochs) + (training.ema === null ? 0 : 1);
  const copies = kept * parameterSums(step).trained.bytes;
  const evaluation = graphBytes(forward, largest(planned.validation), (size) => workload.feeds('train', size));
  const isCut = planned.training.sizes.some(({ rows }) => rows.length > batch.rows.length);
  const sums = isCut ? memory.gradients : 0;
  return (
    memory.parameters +
    memory.optimizerState +
    memory.gradients +
    sums +
    memory.masks +
    ARENA * memory.peak +
    evaluation +
    copies +
    featureBytes(workload)
  );
}

function encodingBytes(workload: Workload): number {
  const { whole, part: trained, encoding, texts } = workload;
  if (trained.fed === 'tokens') return 0;
  const [program] = encodingPrograms(whole, trained);
  const parts = [...encoding].map(([part, planned]) => graphBytes(program, largest(planned), (size) => texts(part, size)));
  return sumOf(program.parameters).bytes + Math.max(0, ...parts) + featureBytes(workload);
}

function predictionBytes(workload: Workload): number {
  const { whole, part, prediction, feeds } = workload;
  const { forward } = classifierPrograms(whole, part);
  return sumOf(forward.parameters).bytes + graphBytes(forward, largest(prediction), (size) => feeds('test', size)) + featureBytes(workload);
}

function graphBytes(program: ForwardProgram, size: BatchSize | undefined, feeds: (size: BatchSize) => Feeds): number {
  return size === undefined ? 0 : ARENA * peakBytes(program.graph, lengthsOf(program, feeds(size)));
}

/** Features of all texts, as they are read, or before they are written. */
function featureBytes({ whole, part: { fed }, tokens }: Workload): number {
  const rows = tokens.train.offsets.length + (tokens.test?.offsets.length ?? 0);
  return fed === 'features' ? 4 * rows * headModel(whole).width : 0;
}

function largest(planned: PlannedBatches | undefined): BatchSize | undefined {
  return planned?.sizes[0];
}

