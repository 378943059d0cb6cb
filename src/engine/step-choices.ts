import { isBias, type Graph, type Node, type Value } from './graph/index.ts';
import type { StepProgram } from './program.ts';

/** A form that was chosen over a plainer one. */
export interface Choice {
  readonly choice: string;
  /** How often it is there. */
  readonly count: number;
  readonly why: string;
}

/** What was fused or written in another form in this step, and why; found in the graph, so that nothing is said that is not so. */
export function choicesOf(program: StepProgram): readonly Choice[] {
  return patterns.map(({ find, ...choice }) => ({ ...choice, count: find(program) })).filter(({ count }) => count > 0);
}

/** What is chosen for a step that stays on a device from the batch to the updated state (`deviceStep`). */
export function deviceChoicesOf(program: StepProgram, graph: Graph): readonly Choice[] {
  const own = [
    {
      choice: 'dropout masks as nodes',
      count: program.masks.length,
      why: 'the same hash of seed, step, place and element as on the CPU, with nothing to upload',
    },
    {
      choice: 'update as nodes',
      count: program.gradients.length,
      why: 'parameters and what the optimizer keeps stay on the device; loss, logits and the norm of the gradients alone leave it',
    },
  ];
  return [...choicesOf({ ...program, graph, masks: [] }), ...stackedIn(program, graph), ...own.filter(({ count }) => count > 0)];
}

/** What lies together and is split into its parts: parameters, masks, and the results of one product in place of several. */
function stackedIn(program: StepProgram, graph: Graph): readonly Choice[] {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((y) => [y, node] as const)));
  const inputs = new Set<Value | null | undefined>(graph.inputs);
  const stateOf = (x: Value | null | undefined): Value | undefined => {
    if (inputs.has(x)) return x ?? undefined;
    const maker = makers.get(x as Value);
    return maker?.op === 'Cast' || maker?.op === 'Div' ? stateOf(maker.inputs[0]) : undefined;
  };
  const splits = graph.nodes.filter(({ op }) => op === 'Split');
  const makerOf = ({ inputs: [x] }: Node): Node | undefined => makers.get(x as Value);
  const isProduct = (node: Node | undefined): boolean => node?.op === 'Gemm' || (node?.op === 'Add' && makerOf(node)?.op === 'Gemm');
  return [
    {
      choice: 'stack of parameters of a size',
      count: new Set(splits.flatMap(({ inputs: [x] }) => stateOf(x) ?? [])).size,
      why: 'one chain of nodes updates them all: a GPU starts a node in the time that it takes to compute a small one',
    },
    {
      choice: 'stack of masks of a shape',
      count:
        program.masks.length === 0
          ? 0
          : new Set(splits.map(makerOf).flatMap((maker) => (maker?.op === 'Where' ? [maker.inputs[0]] : []))).size,
      why: 'one chain of nodes makes them all',
    },
    {
      choice: 'one product in place of several',
      count: splits.filter((node) => node.attrs['axis'] === 1 && isProduct(makerOf(node))).length,
      why: 'queries, keys and values are products of the same matrix, and a GPU takes one large product in less time than three small ones',
    },
  ].filter(({ count }) => count > 0);
}

interface Pattern extends Omit<Choice, 'count'> {
  readonly find: (program: StepProgram) => number;
}

const patterns: readonly Pattern[] = [
  {
    choice: 'FusedMatMul',
    why: 'transposes and scales inside the product, so that attention has no Transpose of its keys and no Mul of its scores',
    find: nodes(({ op }) => op === 'FusedMatMul'),
  },
  {
    choice: 'Gemm with a transposed operand',
    why: 'weights lie as checkpoints have them, and no gradient needs a transposed copy',
    find: nodes(({ op, attrs }) => op === 'Gemm' && (attrs['transA'] === 1 || attrs['transB'] === 1)),
  },
  {
    choice: 'Gemm with a bias',
    why: 'adds it while it writes the product',
    find: nodes(({ op, inputs: [, , c] }) => op === 'Gemm' && isBias(c)),
  },
  {
    choice: 'Gemm with a summand',
    why: 'adds it while it writes the product: token types to the other embeddings, and products of 16 bits to each other',
    find: nodes(({ op, inputs: [, , c] }) => op === 'Gemm' && c !== null && c !== undefined && !isBias(c)),
  },
  {
    choice: 'LayerNormalization with mean and deviation',
    why: 'the backward pass reads them instead of computing them again; so the runtime must not fuse it with what comes before',
    find: (program) => nodes(({ op, outputs }) => op === 'LayerNormalization' && outputs.slice(1).some((y) => isRead(program, y)))(program),
  },
  {
    choice: 'Gelu',
    why: 'one operator of com.microsoft where standard ONNX takes five; its derivative is written out',
    find: nodes(({ op }) => op === 'Gelu'),
  },
  {
    choice: 'bias gradient as a product with a row of ones',
    why: 'the threads share a product; the runtime sums over leading axes on one',
    find: (program) =>
      nodes(({ op, inputs: [row] }) => op === 'MatMul' && row?.shape.length === 2 && row.shape[0] === 1 && isOfOnes(program, row))(program),
  },
  {
    choice: 'means of the backward pass of LayerNormalization as products with a column',
    why: 'a product with gamma / width sums without writing the summands, and the threads share it',
    find: (program) =>
      nodes(
        ({ op, inputs: [, column] }) =>
          op === 'MatMul' && column?.shape.length === 2 && column.shape[1] === 1 && madeBy(program, column)?.op === 'Unsqueeze',
      )(program),
  },
  {
    choice: 'gradient of an embedding table by row',
    why: 'only the rows of the batch have one: they are gathered first, and the table itself takes no part in the backward pass',
    find: ({ gradients }) => gradients.filter(({ rows }) => rows !== undefined).length,
  },
  {
    choice: 'ScatterElements',
    why: 'adds rows that occur twice in one order; ScatterND lets its threads race for them',
    find: nodes(({ op }) => op === 'ScatterElements'),
  },
  {
    choice: 'only the first token of every text',
    why: 'the head reads nothing else of the last layer, so that computes one row a text, and neither keys nor values of the other tokens',
    find: nodes(
      ({ op, attrs }) =>
        op === 'Slice' && String(attrs['starts']) === '0' && String(attrs['ends']) === '1' && String(attrs['axes']) === '1',
    ),
  },
  {
    choice: 'relative positions of all pairs in one product',
    why:
      'a product with the 2S positions of a text of S tokens, whose rows are then read one element further on each, takes a few copies; ' +
      'looking each of the S × S pairs up, and adding their gradients, takes most of the time of attention',
    find: nodes(({ op }) => op === 'Skew'),
  },
  {
    choice: 'scaled loss',
    why:
      'the smallest float16 is 6e-8: gradients are multiplied before they are rounded and divided before the update, by a power of two ' +
      'that is halved where one is too large',
    find: ({ lossScale }) => (lossScale === undefined ? 0 : 1),
  },
  {
    choice: 'dropout by masks that are fed',
    why:
      'a mask follows from seed, step, place and element, so that a run can be repeated and resumed; Dropout ' +
      'keeps a state that cannot be saved',
    find: ({ masks }) => masks.length,
  },
];

function nodes(matches: (node: Node) => boolean): Pattern['find'] {
  return ({ graph }) => graph.nodes.filter(matches).length;
}

function isRead({ graph }: StepProgram, y: Value): boolean {
  return graph.nodes.some(({ inputs }) => inputs.includes(y));
}

/** Ones, in 16 bits too. */
function isOfOnes(program: StepProgram, x: Value): boolean {
  const maker = madeBy(program, x);
  return maker?.op === 'Expand' || (maker?.op === 'Cast' && maker.inputs[0] != null && madeBy(program, maker.inputs[0])?.op === 'Expand');
}

function madeBy({ graph }: StepProgram, x: Value): Node | undefined {
  return graph.nodes.find(({ outputs }) => outputs.includes(x));
}
