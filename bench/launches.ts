import { bytesOf, operationsOf, workKind } from '../src/engine/graph/analysis.ts';
import { loopBatches, lower, type Graph, type Node, type Symbols } from '../src/engine/graph/index.ts';
import { parseEncoderConfig, trainingStep } from '../src/engine/models/index.ts';
import { adam, deviceStep, loopStep } from '../src/engine/optim/index.ts';
import { inPrecision, type Precision } from '../src/engine/precision.ts';
import { batchSize, bertConfig, type Size } from './classifier.ts';
import { milliseconds, type Finding, type Measurement } from './measurement.ts';

/** A GPU as far as the time of a step on paper goes. */
export interface Card {
  readonly name: string;
  /** Operations a second of products of matrices: a share of what the maker says. */
  readonly products: Readonly<Record<Precision, number>>;
  /** Bytes a second from memory to memory. */
  readonly bandwidth: number;
  /** Seconds: that a kernel takes at least, that the host takes to start one, and that it takes for a node that starts none. */
  readonly shortestKernel: number;
  readonly launch: number;
  readonly view: number;
}

const share = 0.6;

export const h100: Card = {
  name: 'H100',
  products: { float32: share * 67e12, tf32: share * 495e12, float16: share * 990e12, bfloat16: share * 990e12 },
  bandwidth: 3.0e12,
  shortestKernel: 3e-6,
  launch: 8e-6,
  view: 2e-6,
};

export interface LaunchOptions {
  readonly sizes: readonly Size[];
  readonly lengths: readonly number[];
}

/** A training step on CUDA on paper: how many nodes, kernels and bytes it is, and what they take. Nothing is run. */
export function measureLaunches({ sizes, lengths }: LaunchOptions, card: Card = h100): Measurement {
  const precisions = ['float32', 'tf32', 'bfloat16'] as const;
  async function* findings(): AsyncGenerator<Finding> {
    for (const size of sizes) {
      for (const precision of precisions) {
        const bodies = { single: stepGraph(size, precision, false), stacked: stepGraph(size, precision, true) };
        for (const length of lengths) {
          for (const [how, body] of Object.entries(bodies))
            yield row(`${size} ${batchSize} × ${length}, ${precision}, ${how}`, onPaper(body, symbolsOf(length), precision, card));
        }
      }
    }
    yield (
      `On paper, not measured: ${card.name} at ${share * 100} % of its dense peak in products of matrices and ${card.bandwidth / 1e12} TB/s; a kernel takes ${card.shortestKernel * 1e6} µs at least, ` +
      `the host ${card.launch * 1e6} µs to start one and ${card.view * 1e6} µs for a node without one. The step is the longer of GPU and host.`
    );
  }
  return {
    title: 'a training step on CUDA, on paper',
    columns: [
      'model, batch × length, precision, tensors',
      'nodes',
      'kernels',
      'GB moved',
      'TFLOP',
      'products ms',
      'masks ms',
      'other forward, backward ms',
      'update ms',
      'GPU ms',
      'host ms',
      'step ms',
    ],
    findings: findings(),
  };
}

/** Seconds by what is done, and counts. */
export interface Paper {
  readonly nodes: number;
  readonly kernels: number;
  readonly bytes: number;
  readonly operations: number;
  readonly products: number;
  readonly masks: number;
  readonly others: number;
  readonly update: number;
  readonly host: number;
  /** Seconds by operator, the longest first. */
  readonly operators: readonly (readonly [op: string, seconds: number, nodes: number])[];
}

/** One iteration of the loop. */
export function onPaper({ body, own }: LoopGraph, lengths: Symbols, precision: Precision, card: Card): Paper {
  const update = nodesOfUpdate(body);
  const sums = { products: 0, masks: 0, others: 0, update: 0 };
  const operators = new Map<string, readonly [seconds: number, nodes: number]>();
  const add = (kind: keyof typeof sums, op: string, seconds: number): void => {
    sums[kind] += seconds;
    const [total, count] = operators.get(op) ?? [0, 0];
    operators.set(op, [total + seconds, count + 1]);
  };
  let [bytes, operations, kernels] = [0, 0, own];
  for (const node of body.nodes.filter(({ op }) => !VIEWS.has(op))) {
    const isProduct = workKind(node) === 'matrix products';
    const moved = bytesMoved(node, lengths);
    const work = isProduct ? operationsOf(node, lengths) : 0;
    const rate = card.products[node.inputs[0]?.dtype === 'float32' && precision !== 'float32' ? 'tf32' : precision];
    const kind = isProduct
      ? 'products'
      : node.inputs[0]?.dtype === 'uint32' || node.outputs[0]?.dtype === 'uint32'
        ? 'masks'
        : update.has(node)
          ? 'update'
          : 'others';
    add(kind, node.op, Math.max(card.shortestKernel, moved / card.bandwidth, work / rate));
    bytes += moved;
    operations += work;
    kernels += 1;
  }
  sums.others += own * card.shortestKernel;
  const host = kernels * card.launch + (body.nodes.length + own - kernels) * card.view;
  const sorted = [...operators].map(([op, [seconds, nodes]]) => [op, seconds, nodes] as const).sort((a, b) => b[1] - a[1]);
  return { nodes: body.nodes.length + own, kernels, bytes, operations, ...sums, host, operators: sorted };
}

/** The body of the loop, and how many nodes cut an iteration's tensors out of all of them. */
export interface LoopGraph {
  readonly body: Graph;
  readonly own: number;
}

export function stepGraph(size: Size, precision: Precision, stacked: boolean): LoopGraph {
  const encoder = parseEncoderConfig(JSON.stringify(bertConfig(size)), 'config.json');
  const program = inPrecision(
    trainingStep({ encoder, head: { dense: [], dropout: 0.1, activation: 'none' }, outputs: 1, loss: 'bce' }),
    precision,
  );
  const step = deviceStep(program, { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }) }, 1, { stacked });
  const loop = loopStep({ ...step, graph: lower(step.graph, 'cuda') }, program.parameters);
  const batches = loopBatches(loop);
  return { body: loop.body, own: batches.stacked.length + batches.packed.length + 2 };
}

/** Every text of full length, almost no word twice. */
export function symbolsOf(length: number): Symbols {
  return new Map([['B', batchSize], ['S', length], ['U', Math.round(0.95 * batchSize * length)]]);
}

const VIEWS: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Identity', 'Shape', 'Size']);
/** They read of their first input as much as they write. */
const PICKING: ReadonlySet<string> = new Set(['Gather', 'Slice', 'Split', 'GatherElements', 'Expand']);

function bytesMoved({ op, inputs, outputs }: Node, lengths: Symbols): number {
  const total = (values: Node['inputs']): number =>
    [...new Set(values)].reduce((sum, x) => sum + (x === null ? 0 : bytesOf(x, lengths)), 0);
  const written = total(outputs);
  if (op === 'Expand') return written;
  if (PICKING.has(op)) return 2 * written + total(inputs.slice(1));
  return written + total(inputs);
}

/** What comes after the last product of matrices: the last sums of gradients, clipping and the update. */
function nodesOfUpdate({ nodes }: Graph): ReadonlySet<Node> {
  return new Set(nodes.slice(nodes.findLastIndex((node) => workKind(node) === 'matrix products') + 1));
}

function row(name: string, { nodes, kernels, bytes, operations, products, masks, others, update, host }: Paper): readonly string[] {
  const gpu = products + masks + others + update;
  const ms = (seconds: number): string => milliseconds(1000 * seconds);
  return [
    name,
    String(nodes),
    String(kernels),
    (bytes / 1e9).toFixed(1),
    (operations / 1e12).toFixed(2),
    ms(products),
    ms(masks),
    ms(others),
    ms(update),
    ms(gpu),
    ms(host),
    ms(Math.max(gpu, host)),
  ];
}
