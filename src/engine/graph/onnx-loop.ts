import { create } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType, AttributeProtoSchema, GraphProtoSchema, type AttributeProto, type GraphProto, type ValueInfoProto } from 'onnx-buf';
import { product } from './dims.ts';
import { loopBatches, loopNames, type Loop, type LoopBatches } from './loop.ts';
import { attribute, modelBytes, openWire, valueInfo, writeNodes, type Wire } from './onnx-wire.ts';
import type { Shape, Value } from './types.ts';

/**
 * The bytes of a model that is one ONNX Loop. Fixed inputs are captured from around it; what is carried goes in as `first` and comes
 * out as `last`; everything else goes in and comes out as `all`. An iteration cuts its tensors out of those of all iterations.
 */
export function toLoopOnnx(loop: Loop): Uint8Array {
  const batches = loopBatches(loop);
  const { body, carried, fixed } = loop;
  const inputs = new Map(body.inputs.map((x) => [x.name, x]));
  const outer = openWire(body);
  const { iterations, places, first, last, all } = loopNames;

  const before = [...batches.joined].map(([name, { shape }]) => outer.initializer(first(name), 'float32', oneRow(shape), new Float32Array(product(oneRow(shape)) as number)));
  outer.node(
    'Loop',
    [iterations, '', ...[...carried.keys()].map(first), ...before],
    [...[...carried.keys()].map(last), ...[...batches.joined.keys()].map(all), ...[...batches.scalars.keys()].map(all)],
    [graphAttribute('body', bodyOf(loop, batches))],
  );
  const carriedInfo = (name: (input: string) => string): readonly ValueInfoProto[] => [...carried.keys()].map((input) => valueInfo(name(input), inputs.get(input) as Value));
  return modelBytes(
    {
      name: `${body.name}-loop`,
      input: [
        valueInfo(iterations, { dtype: 'int64', shape: [] }),
        ...body.inputs.filter(({ name }) => fixed.has(name)).map((x) => valueInfo(x.name, x)),
        ...carriedInfo(first),
        ...batches.stacked.map(({ name, dtype, shape }) => valueInfo(all(name), { dtype, shape: [iterations, ...shape] })),
        ...batches.packed.map(({ name, dtype }) => valueInfo(all(name), { dtype, shape: [`total.${name}`] })),
        ...(batches.packed.length === 0 ? [] : [valueInfo(places, { dtype: 'uint32', shape: [iterations, placesOf(batches.packed).reduce((sum, { length }) => sum + length, 0)] })]),
      ],
      output: [
        ...carriedInfo(last),
        ...[...batches.joined].map(([name, { dtype, shape }]) => valueInfo(all(name), { dtype, shape: [`rows.${name}`, ...shape.slice(1)] })),
        ...[...batches.scalars.keys()].map((name) => valueInfo(all(name), { dtype: 'float32', shape: ['iterations.done'] })),
      ],
      initializer: [...outer.initializers.values()],
      node: [...outer.nodes],
    },
    body.nodes,
  );
}

const ITERATION = 'loop.iteration';
const WENT_ON = 'loop.went-on';

function bodyOf({ body, carried, goesOn }: Loop, batches: LoopBatches): GraphProto {
  const inputs = new Map(body.inputs.map((x) => [x.name, x]));
  const wire = openWire(body);
  cutOut(wire, batches);
  writeNodes(body, wire);
  const soFar = (name: string): string => `loop.so-far.${name}`;
  const longer = (name: string): string => `loop.longer.${name}`;
  for (const name of batches.joined.keys()) wire.node('Concat', [soFar(name), name], [longer(name)], [attribute('axis', 'int', 0)]);
  return create(GraphProtoSchema, {
    name: body.name,
    input: [
      valueInfo(ITERATION, { dtype: 'int64', shape: [] }),
      valueInfo(WENT_ON, { dtype: 'bool', shape: [] }),
      ...[...carried.keys()].map((input) => valueInfo(input, inputs.get(input) as Value)),
      ...[...batches.joined].map(([name, value]) => valueInfo(soFar(name), { ...value, shape: [`before.${name}`, ...value.shape.slice(1)] })),
    ],
    output: [
      valueInfo(goesOn, { dtype: 'bool', shape: [] }),
      ...[...carried].map(([, output]) => valueInfo(output, body.outputs.get(output) as Value)),
      ...[...batches.joined].map(([name, value]) => valueInfo(longer(name), { ...value, shape: [`after.${name}`, ...value.shape.slice(1)] })),
      ...[...batches.scalars].map(([name, value]) => valueInfo(name, value)),
    ],
    // Runtimes fuse nodes by what they know of shapes, and of these they would know nothing.
    valueInfo: [...batches.stacked, ...batches.packed].map((x) => valueInfo(x.name, x)),
    initializer: [...wire.initializers.values()],
    node: [...wire.nodes],
  });
}

/** An iteration's own inputs: its row of what is stacked, its piece of what is packed. */
function cutOut(wire: Wire, { stacked, packed }: LoopBatches): void {
  const { all } = loopNames;
  const row = [attribute('axis', 'int', 0)];
  for (const { name } of stacked) wire.node('Gather', [all(name), ITERATION], [name], row);
  if (packed.length === 0) return;
  const parts = placesOf(packed);
  onHost(wire, all((packed[0] as Value).name));
  wire.node('Gather', ['loop.places.host', ITERATION], ['loop.place'], row);
  wire.node('Split', ['loop.place', wire.ints(parts.map(({ length }) => length))], parts.map(({ name }) => name), row);
  for (const { name } of packed) {
    wire.node('Slice', [all(name), `loop.begin.${name}`, `loop.end.${name}`], [`loop.piece.${name}`], []);
    wire.node('Reshape', [`loop.piece.${name}`, `loop.shape.${name}`], [name], []);
  }
}

/**
 * `places` as int64, by nodes that CUDA leaves to the CPU, with everything that follows from them: Slice and Reshape want these numbers
 * on the host, and each that a device had made would be waited for there. CUDA has no BitShift, and what reads a length that the host
 * knows, as that of `measured`, stays on the host as long as all else that it reads is there as well.
 */
function onHost(wire: Wire, measured: string): void {
  wire.node('Size', [measured], ['loop.size'], []);
  wire.node('Sub', ['loop.size', 'loop.size'], ['loop.zero'], []);
  wire.node('Cast', ['loop.zero'], ['loop.shift'], [attribute('to', 'dtype', 'uint32')]);
  wire.node('BitShift', [loopNames.places, 'loop.shift'], ['loop.places.shifted'], [attribute('direction', 'text', 'LEFT')]);
  wire.node('Cast', ['loop.places.shifted'], ['loop.places.host'], [attribute('to', 'dtype', 'int64')]);
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
