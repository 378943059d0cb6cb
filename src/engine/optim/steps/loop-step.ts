import { graphBuilder, inline, type Builder, type Loop, type Value } from '../../graph/index.ts';
import type { ParameterSpec } from '../../program.ts';
import type { DeviceStep, StateSpec } from './device-step.ts';
import type { SummedStep } from './summed-step.ts';

const FINITE = 'finite';

/**
 * Steps one after the other in a loop that ends with the first whose loss or gradients are not finite. That one has spoilt the state, but
 * where gradients may overflow now and then: there it leaves the state as it was, for one more pass over it in every step.
 */
export function loopStep(step: DeviceStep, parameters: readonly ParameterSpec[]): Loop {
  const g = graphBuilder(step.graph.name, step.graph.outputs.keys());
  return { ...endingBody(g, step, (outputs) => outputs.get(step.loss) as Value), fixed: fixedAmong(parameters, step.state) };
}

/** The same of batches in parts: the parts are a loop within each step. `loss` is what the body calls the loss of a batch. */
export function summedLoopStep({ add, apply }: SummedStep, parameters: readonly ParameterSpec[], loss: string): Loop {
  const g = graphBuilder(apply.graph.name, [...apply.graph.outputs.keys(), loss]);
  const lossOfBatch = g.Identity(g.input(add.loss.input, 'float32', []));
  g.output(loss, lossOfBatch);
  const inner = {
    body: add.graph,
    carried: new Map([...add.sums, add.loss].map(({ input, output }) => [input, output])),
    starts: new Map(add.sums.map(({ input, parameters: start }) => [input, start])),
  };
  return { ...endingBody(g, apply, () => lossOfBatch), fixed: fixedAmong(parameters, apply.state), inner };
}

type Ending = Pick<DeviceStep, 'graph' | 'state' | 'gradientNorm' | 'mayOverflow'>;

/** A step's graph as the body of a loop that ends where its loss, or the norm of its gradients, is not finite. */
function endingBody(
  g: Builder,
  { graph, state, gradientNorm, mayOverflow }: Ending,
  lossOf: (outputs: ReadonlyMap<string, Value>) => Value,
): Omit<Loop, 'fixed'> {
  const inputs = new Map(graph.inputs.map((x) => [x.name, g.input(x.name, x.dtype, x.shape)]));
  const outputs = inline(g, graph, { input: (x) => inputs.get(x.name) });
  const isFinite = (x: Value): Value => g.Less(g.Abs(x), g.scalar(Infinity));
  const finite = g.scope('loop', () => g.And(isFinite(lossOf(outputs)), isFinite(outputs.get(gradientNorm) as Value)));
  const before = new Map(mayOverflow ? state.map(({ input, output }) => [output, inputs.get(input) as Value]) : []);
  for (const [name, value] of outputs) {
    const old = before.get(name);
    g.output(name, old === undefined ? value : g.Where(finite, value, old));
  }
  g.output(FINITE, finite);
  return { body: g.build(), carried: new Map(state.map(({ input, output }) => [input, output])), goesOn: FINITE };
}

function fixedAmong(parameters: readonly ParameterSpec[], state: readonly StateSpec[]): ReadonlySet<string> {
  const trained = new Set(state.flatMap((spec) => spec.parameters));
  return new Set(parameters.map(({ name }) => name).filter((name) => !trained.has(name)));
}
