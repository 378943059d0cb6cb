import { graphBuilder, inline, type Loop, type Value } from '../graph/index.ts';
import type { ParameterSpec } from '../program.ts';
import type { DeviceStep } from './device-step.ts';

const FINITE = 'finite';

/**
 * Steps one after the other in a loop that ends with the first whose loss or gradients are not finite. That one has spoilt the state, but
 * where gradients may overflow now and then: there it leaves the state as it was, for one more pass over it in every step.
 */
export function loopStep({ graph, state, loss, gradientNorm, mayOverflow }: DeviceStep, parameters: readonly ParameterSpec[]): Loop {
  const g = graphBuilder(graph.name, graph.outputs.keys());
  const inputs = new Map(graph.inputs.map((x) => [x.name, g.input(x.name, x.dtype, x.shape)]));
  const outputs = inline(g, graph, { input: (x) => inputs.get(x.name) });
  const isFinite = (name: string): Value => g.Less(g.Abs(outputs.get(name) as Value), g.scalar(Infinity));
  const finite = g.And(isFinite(loss), isFinite(gradientNorm));
  const before = new Map(mayOverflow ? state.map(({ input, output }) => [output, inputs.get(input) as Value]) : []);
  for (const [name, value] of outputs) {
    const old = before.get(name);
    g.output(name, old === undefined ? value : g.Where(finite, value, old));
  }
  g.output(FINITE, finite);
  const carried = new Map(state.map(({ input, output }) => [input, output]));
  const trained = new Set(state.flatMap((spec) => spec.parameters));
  return { body: g.build(), carried, fixed: new Set(parameters.map(({ name }) => name).filter((name) => !trained.has(name))), goesOn: FINITE };
}
