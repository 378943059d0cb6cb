import { deviceStep, type DeviceOptions, type Optimizer, type Rates, type StateSpec } from '../../../src/engine/optim/index.ts';
import type { Feeds, StepProgram } from '../../../src/engine/program.ts';
import { openGraph } from '../../helpers/run-graph.ts';

/** A device step carried out on the CPU provider, its state carried from output to input by hand. */
export interface DeviceRun {
  /** Parameters, and slots as `slot.parameter`. */
  readonly state: Readonly<Record<string, Float32Array>>;
  step(feeds: Feeds, rates: Rates): Promise<{ readonly loss: number; readonly logits: Float32Array; readonly gradientNorm: number }>;
  close(): Promise<void>;
}

export async function deviceRun(
  program: StepProgram,
  values: Readonly<Record<string, Float32Array>>,
  optimizer: Optimizer,
  clipNorm: number | null,
  seed: number,
  options: DeviceOptions = {},
): Promise<DeviceRun> {
  const device = deviceStep(program, optimizer, clipNorm, options);
  const graph = await openGraph(device.graph);
  const trained = new Set(device.state.flatMap(({ parameters }) => parameters));
  const held = Object.fromEntries(
    program.parameters.filter(({ name }) => !trained.has(name)).map(({ name, shape }) => [name, { shape, data: values[name]! }]),
  );
  const state: Record<string, Float32Array> = {};
  const put = (spec: StateSpec, data: Float32Array): void => {
    held[spec.input] = { shape: spec.shape, data };
    const size = data.length / spec.parameters.length;
    spec.parameters.forEach(
      (name, i) => (state[spec.slot === null ? name : `${spec.slot}.${name}`] = data.subarray(i * size, (i + 1) * size)),
    );
  };
  for (const spec of device.state) {
    const first = spec.parameters.flatMap((name) => [...(spec.slot === null ? values[name]! : new Float32Array(values[name]!.length))]);
    put(spec, Float32Array.from(first));
  }
  let step = 0;
  return {
    state,
    async step(feeds, rates) {
      step += 1;
      const symbols = new Map(
        program.graph.inputs
          .flatMap(({ name, shape }) => shape.map((dim, axis) => [String(dim), feeds[name]?.shape[axis] ?? NaN] as const))
          .filter(([, n]) => !Number.isNaN(n)),
      );
      const outputs = await graph.run({ ...held, ...feeds, ...device.stepFeeds({ ...rates, step }, seed), ...device.shapeFeeds(symbols) });
      for (const spec of device.state) put(spec, outputs[spec.output]!.data as Float32Array);
      return {
        loss: Number(outputs[device.loss]!.data[0]),
        logits: outputs[device.logits]!.data as Float32Array,
        gradientNorm: Number(outputs[device.gradientNorm]!.data[0]),
      };
    },
    close: () => graph.close(),
  };
}
