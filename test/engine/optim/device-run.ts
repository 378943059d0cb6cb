import { deviceStep, type Optimizer, type Rates } from '../../../src/engine/optim/index.ts';
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
): Promise<DeviceRun> {
  const device = deviceStep(program, optimizer, clipNorm);
  const graph = await openGraph(device.graph);
  const fixed = program.parameters.map(({ name, shape }) => [name, { shape, data: values[name]! }] as const);
  const slots = device.state.map(({ input, shape }) => [input, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }] as const);
  const held = Object.fromEntries([...slots, ...fixed]);
  const trained = device.state.filter(({ slot }) => slot === null).map(({ input }) => [input, held[input]!.data]);
  const state: Record<string, Float32Array> = Object.fromEntries([...slots.map(([name, { data }]) => [name, data]), ...trained]);
  let step = 0;
  return {
    state,
    async step(feeds, rates) {
      step += 1;
      const symbols = new Map(program.graph.inputs.flatMap(({ name, shape }) => shape.map((dim, axis) => [String(dim), feeds[name]?.shape[axis] ?? NaN] as const)).filter(([, n]) => !Number.isNaN(n)));
      const outputs = await graph.run({ ...held, ...feeds, ...device.stepFeeds({ ...rates, step }, seed), ...device.shapeFeeds(symbols) });
      for (const { input, output, shape } of device.state) {
        const data = outputs[output]!.data as Float32Array;
        held[input] = { shape, data };
        state[input] = data;
      }
      return {
        loss: Number(outputs[device.loss]!.data[0]),
        logits: outputs[device.logits]!.data as Float32Array,
        gradientNorm: Number(outputs[device.gradientNorm]!.data[0]),
      };
    },
    close: () => graph.close(),
  };
}
