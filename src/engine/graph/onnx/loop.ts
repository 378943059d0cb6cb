import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  type AttributeProto,
  type GraphProto,
  type ValueInfoProto,
} from 'onnx-buf';
import { product } from '../dims.ts';
import { innerBatches, loopBatches, loopNames, type InnerLoop, type Loop, type LoopBatches } from '../rewriting/loop.ts';
import { attribute, modelBytes, openWire, valueInfo, writeNodes, type Wire } from './wire.ts';
import type { Shape, Value } from '../types.ts';

/**
 * The bytes of a model that is one ONNX Loop, with another one in its body where there is an inner loop. Fixed inputs are captured from
 * around it; what is carried goes in as `first` and comes out as `last`; everything else goes in and comes out as `all`. An iteration
 * cuts its tensors out of those of all iterations.
 */
export function toLoopOnnx(loop: Loop): Uint8Array {
  const { body, carried, fixed, inner } = loop;
  const batches = loopBatches(loop);
  const parts = inner === undefined ? undefined : innerBatches(inner, loop);
  const joined = new Map([...batches.joined, ...(parts?.joined ?? [])]);
  const inputs = new Map([...(inner?.body.inputs ?? []), ...body.inputs].map((x) => [x.name, x]));
  const outer = openWire(body);
  const { iterations, begins, counts, first, last, all } = loopNames;

  const before = [...joined].map(([name, { shape }]) =>
    outer.initializer(first(name), 'float32', oneRow(shape), new Float32Array(product(oneRow(shape)) as number)),
  );
  outer.node(
    'Loop',
    [iterations, '', ...[...carried.keys()].map(first), ...before],
    [...[...carried.keys()].map(last), ...[...joined.keys()].map(all), ...[...batches.scalars.keys()].map(all)],
    [graphAttribute('body', bodyOf(loop, batches, parts))],
  );
  const carriedInfo = (name: (input: string) => string): readonly ValueInfoProto[] =>
    [...carried.keys()].map((input) => valueInfo(name(input), inputs.get(input) as Value));
  return modelBytes(
    {
      name: `${body.name}-loop`,
      input: [
        valueInfo(iterations, { dtype: 'int64', shape: [] }),
        ...[...inputs.values()].filter(({ name }) => fixed.has(name)).map((x) => valueInfo(x.name, x)),
        ...carriedInfo(first),
        ...batchInfo(batches, iterations),
        ...(parts === undefined
          ? []
          : [
              ...batchInfo(parts, 'loop.parts'),
              ...[begins, counts].map((name) => valueInfo(name, { dtype: 'uint32', shape: [iterations] })),
            ]),
      ],
      output: [
        ...carriedInfo(last),
        ...[...joined].map(([name, { dtype, shape }]) => valueInfo(all(name), { dtype, shape: [`rows.${name}`, ...shape.slice(1)] })),
        ...[...batches.scalars.keys()].map((name) => valueInfo(all(name), { dtype: 'float32', shape: ['iterations.done'] })),
      ],
      initializer: [...outer.initializers.values()],
      node: [...outer.nodes],
    },
    [...body.nodes, ...(inner?.body.nodes ?? [])],
  );
}

/** What the tensors of all iterations, of which there are so many, go in as. */
function batchInfo({ stacked, packed }: LoopBatches, iterations: string): readonly ValueInfoProto[] {
  const { all, places } = loopNames;
  const width = placesOf(packed).reduce((sum, { length }) => sum + length, 0);
  return [
    ...stacked.map(({ name, dtype, shape }) => valueInfo(all(name), { dtype, shape: [iterations, ...shape] })),
    ...packed.map(({ name, dtype }) => valueInfo(all(name), { dtype, shape: [`total.${name}`] })),
    ...(packed.length === 0 ? [] : [valueInfo(places, { dtype: 'uint32', shape: [iterations, width] })]),
  ];
}

const ITERATION = 'loop.iteration';
const WENT_ON = 'loop.went-on';
const soFar = (name: string): string => `loop.so-far.${name}`;
const longer = (name: string): string => `loop.longer.${name}`;

function bodyOf({ body, carried, goesOn, inner }: Loop, batches: LoopBatches, parts: LoopBatches | undefined): GraphProto {
  const inputs = new Map(body.inputs.map((x) => [x.name, x]));
  const wire = openWire(body);
  cutOut(wire, batches, ITERATION);
  if (inner !== undefined && parts !== undefined) runInner(wire, inner, parts);
  writeNodes(body, wire);
  for (const name of batches.joined.keys()) lengthen(wire, name);
  const joined = [...batches.joined, ...(parts?.joined ?? [])];
  return create(GraphProtoSchema, {
    name: body.name,
    input: [
      valueInfo(ITERATION, { dtype: 'int64', shape: [] }),
      valueInfo(WENT_ON, { dtype: 'bool', shape: [] }),
      ...[...carried.keys()].map((input) => valueInfo(input, inputs.get(input) as Value)),
      ...joinedInfo(joined, soFar, 'before'),
    ],
    output: [
      valueInfo(goesOn, { dtype: 'bool', shape: [] }),
      ...[...carried].map(([, output]) => valueInfo(output, body.outputs.get(output) as Value)),
      ...joinedInfo(joined, longer, 'after'),
      ...[...batches.scalars].map(([name, value]) => valueInfo(name, value)),
    ],
    // Runtimes fuse nodes by what they know of shapes, and of these they would know nothing.
    valueInfo: [...batches.stacked, ...batches.packed].map((x) => valueInfo(x.name, x)),
    initializer: [...wire.initializers.values()],
    node: [...wire.nodes],
  });
}

function joinedInfo(
  joined: readonly (readonly [string, Value])[],
  name: (output: string) => string,
  rows: string,
): readonly ValueInfoProto[] {
  return joined.map(([output, { dtype, shape }]) => valueInfo(name(output), { dtype, shape: [`${rows}.${output}`, ...shape.slice(1)] }));
}

function lengthen(wire: Wire, name: string): void {
  wire.node('Concat', [soFar(name), name], [longer(name)], [attribute('axis', 'int', 0)]);
}

/** The Loop over an iteration's parts, whose last values stand where the outer body reads them. */
function runInner(wire: Wire, inner: InnerLoop, parts: LoopBatches): void {
  const { begins, counts } = loopNames;
  const row = [attribute('axis', 'int', 0)];
  for (const [all, own] of [[begins, 'loop.begin'], [counts, 'loop.count']] as const) {
    onHost(wire, all, all);
    wire.node('Gather', [`${all}.host`, ITERATION], [own], row);
  }
  const inputs = new Map(inner.body.inputs.map((x) => [x.name, x]));
  const start = (input: string): string => {
    const shape = (inputs.get(input) as Value).shape as readonly number[];
    return inner.starts.get(input) ?? wire.initializer(`loop.start.${input}`, 'float32', shape, new Float32Array(product(shape) as number));
  };
  wire.node(
    'Loop',
    ['loop.count', '', ...[...inner.carried.keys()].map(start), ...[...parts.joined.keys()].map(soFar)],
    [...inner.carried.keys(), ...[...parts.joined.keys()].map(longer)],
    [graphAttribute('body', innerBodyOf(inner, parts))],
  );
}

function innerBodyOf({ body, carried }: InnerLoop, parts: LoopBatches): GraphProto {
  const inputs = new Map(body.inputs.map((x) => [x.name, x]));
  const wire = openWire(body);
  wire.node('Add', ['loop.begin', ITERATION], ['loop.part'], []);
  cutOut(wire, parts, 'loop.part');
  writeNodes(body, wire);
  for (const name of parts.joined.keys()) lengthen(wire, name);
  wire.node('Identity', [WENT_ON], ['loop.goes-on'], []);
  return underOwnNames(
    create(GraphProtoSchema, {
      name: body.name,
      input: [
        valueInfo(ITERATION, { dtype: 'int64', shape: [] }),
        valueInfo(WENT_ON, { dtype: 'bool', shape: [] }),
        ...[...carried.keys()].map((input) => valueInfo(input, inputs.get(input) as Value)),
        ...joinedInfo([...parts.joined], soFar, 'before'),
      ],
      output: [
        valueInfo('loop.goes-on', { dtype: 'bool', shape: [] }),
        ...[...carried].map(([, output]) => valueInfo(output, body.outputs.get(output) as Value)),
        ...joinedInfo([...parts.joined], longer, 'after'),
      ],
      valueInfo: [...parts.stacked, ...parts.packed].map((x) => valueInfo(x.name, x)),
      initializer: [...wire.initializers.values()],
      node: [...wire.nodes],
    }),
  );
}

/** What a graph inside another defines must not be called what that one calls something else. */
function underOwnNames(graph: GraphProto): GraphProto {
  const own = new Set([...graph.input, ...graph.initializer].map(({ name }) => name));
  for (const { output } of graph.node) for (const name of output) own.add(name);
  const renamed = (name: string): string => (own.has(name) ? `part.${name}` : name);
  for (const each of [...graph.input, ...graph.output, ...graph.valueInfo, ...graph.initializer]) each.name = renamed(each.name);
  for (const node of graph.node) {
    node.input = node.input.map(renamed);
    node.output = node.output.map(renamed);
  }
  return graph;
}

/** An iteration's own inputs: its row of what is stacked, its piece of what is packed. */
function cutOut(wire: Wire, { stacked, packed }: LoopBatches, iteration: string): void {
  const { places, all } = loopNames;
  const row = [attribute('axis', 'int', 0)];
  for (const { name } of stacked) wire.node('Gather', [all(name), iteration], [name], row);
  if (packed.length === 0) return;
  const parts = placesOf(packed);
  onHost(wire, places, all((packed[0] as Value).name));
  wire.node('Gather', [`${places}.host`, iteration], ['loop.place'], row);
  wire.node('Split', ['loop.place', wire.ints(parts.map(({ length }) => length))], parts.map(({ name }) => name), row);
  for (const { name } of packed) {
    wire.node('Slice', [all(name), `loop.begin.${name}`, `loop.end.${name}`], [`loop.piece.${name}`], []);
    wire.node('Reshape', [`loop.piece.${name}`, `loop.shape.${name}`], [name], []);
  }
}

/**
 * Whole numbers, `.host` behind their name, as int64 by nodes that CUDA leaves to the CPU, with everything that follows from them: Slice
 * and Reshape want these numbers on the host, and each that a device had made would be waited for there. CUDA has no BitShift, and what
 * reads a length that the host knows, as that of `measured`, stays on the host as long as all else that it reads is there as well.
 */
function onHost(wire: Wire, name: string, measured: string): void {
  wire.node('Size', [measured], [`${name}.size`], []);
  wire.node('Sub', [`${name}.size`, `${name}.size`], [`${name}.zero`], []);
  wire.node('Cast', [`${name}.zero`], [`${name}.shift`], [attribute('to', 'dtype', 'uint32')]);
  wire.node('BitShift', [name, `${name}.shift`], [`${name}.shifted`], [attribute('direction', 'text', 'LEFT')]);
  wire.node('Cast', [`${name}.shifted`], [`${name}.host`], [attribute('to', 'dtype', 'int64')]);
}

/** What a row of `places` consists of. */
function placesOf(packed: readonly Value[]): readonly { readonly name: string; readonly length: number }[] {
  return packed.flatMap(({ name, shape }) => [
    { name: `loop.begin.${name}`, length: 1 },
    { name: `loop.end.${name}`, length: 1 },
    { name: `loop.shape.${name}`, length: shape.length },
  ]);
}

/** What outputs are joined to: a row of zeros, since not every runtime takes tensors without elements. */
function oneRow(shape: Shape): readonly number[] {
  return [1, ...(shape.slice(1) as readonly number[])];
}

function graphAttribute(name: string, g: GraphProto): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.GRAPH, g });
}
