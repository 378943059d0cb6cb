import { graphBuilder, inline, type Loop, type Value } from '../graph/index.ts';
import type { ParameterSpec } from '../program.ts';
import type { DeviceStep } from './device-step.ts';

const FINITE = 'finite';

/** Steps one after the other in a loop that ends with the first whose loss or gradients are not finite; that one has spoilt the state. */
export function loopStep({ graph, state, loss, gradientNorm }: DeviceStep, parameters: readonly ParameterSpec[]): Loop {
  const g = graphBuilder(graph.name, graph.outputs.keys());
  const outputs = inline(g, graph);
  for (const [name, value] of outputs) g.output(name, value);
  const finite = (name: string): Value => g.Less(g.Abs(outputs.get(name) as Value), g.scalar(Infinity));
  g.output(FINITE, g.And(finite(loss), finite(gradientNorm)));
  const carried = new Map(state.map(({ input, output }) => [input, output]));
  const trained = new Set(state.flatMap((spec) => spec.parameters));
  return { body: g.build(), carried, fixed: new Set(parameters.map(({ name }) => name).filter((name) => !trained.has(name))), goesOn: FINITE };
}
