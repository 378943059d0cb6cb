import { product, type Graph, type Shape, type Value } from '../../graph/index.ts';
import type { GradientSpec, StepProgram } from '../../program.ts';
import type { ParameterGroup } from '../rules.ts';
import { grouped, type Stacks } from './stacks.ts';

/** Parameters that lie in one tensor, and are updated by the same nodes. */
export interface TrainedGroup {
  readonly gradients: readonly GradientSpec[];
  /** Each parameter's own. */
  readonly shapes: readonly (readonly number[])[];
  readonly settings: ParameterGroup;
  readonly input: string;
  readonly shape: readonly number[];
}

/** Parameters that are updated together. */
const TOGETHER = 128;

/**
 * Tables stay alone: only some of their rows have a gradient. What the graph joins, as the weights of one product, lies together, so
 * that it need not be joined at every step.
 */
export function trainedGroups(
  { graph, gradients }: StepProgram,
  settingsOf: (parameter: string) => ParameterGroup,
  stacked: boolean,
): readonly TrainedGroup[] {
  const inputs = new Map(graph.inputs.map((x) => [x.name, x]));
  const shapeOf = ({ parameter }: GradientSpec): readonly number[] => inputs.get(parameter)?.shape as readonly number[];
  const casts = new Map(graph.nodes.filter(({ op }) => op === 'Cast').map((node) => [node.outputs[0], node.inputs[0]?.dtype]));
  const kind = (gradient: GradientSpec): string => {
    if (gradient.rows !== undefined) return gradient.parameter;
    const dtype = casts.get(graph.outputs.get(gradient.output)) ?? 'float32'; // those of 16 bits are joined as such, and cast once
    const { lrScale, weightDecay } = settingsOf(gradient.parameter);
    return `${product(shapeOf(gradient))} ${lrScale} ${weightDecay} ${dtype}`;
  };
  const units = stacked ? joinedIn(graph, gradients, kind) : gradients.map((gradient) => [gradient]);
  const sizes = [...new Set(units.map((unit) => unit.length))];
  const groups = sizes.flatMap((size) =>
    grouped(
      units.filter((unit) => unit.length === size),
      ([first]) => kind(first as GradientSpec),
      stacked ? Math.max(1, Math.floor(TOGETHER / size)) : 1,
    ).map((each) => each.flat()),
  );
  return groups.map((group, i): TrainedGroup => {
    const shapes = group.map(shapeOf);
    const [{ parameter }, [first]] = [group[0] as GradientSpec, shapes as [readonly number[]]];
    const alone = group.length === 1;
    return {
      gradients: group,
      shapes,
      settings: settingsOf(parameter),
      input: alone ? parameter : `stack(${i})`,
      shape: alone ? first : [group.length, product(first) as number],
    };
  });
}

/** The parameters of a group by name. */
export function partsOf(
  whole: Value,
  gradients: readonly GradientSpec[],
  shapes: readonly Shape[],
  together: Stacks,
): readonly (readonly [string, Value])[] {
  const parts = gradients.length === 1 ? [whole] : together.parts(whole, shapes);
  return gradients.map(({ parameter }, i) => [parameter, parts[i] as Value]);
}

/** The gradients, those of parameters that a node joins along their first axis side by side. */
function joinedIn(
  { nodes }: Graph,
  gradients: readonly GradientSpec[],
  kind: (gradient: GradientSpec) => string,
): readonly (readonly GradientSpec[])[] {
  const casts = new Map(nodes.flatMap(({ op, inputs, outputs }) => (op === 'Cast' ? [[outputs[0], inputs[0]] as const] : [])));
  const byName = new Map(gradients.map((gradient) => [gradient.parameter, gradient]));
  const unitOf = new Map<GradientSpec, readonly GradientSpec[]>();
  for (const { op, inputs, attrs } of nodes) {
    const unit = inputs.flatMap((x) => byName.get((casts.get(x as Value) ?? x)?.name ?? '') ?? []);
    const isUnit =
      op === 'Concat' &&
      attrs['axis'] === 0 &&
      unit.length === inputs.length &&
      new Set(unit).size === unit.length &&
      new Set(unit.map(kind)).size === 1;
    if (isUnit && unit.every((gradient) => !unitOf.has(gradient))) unit.forEach((gradient) => unitOf.set(gradient, unit));
  }
  for (const gradient of gradients) if (!unitOf.has(gradient)) unitOf.set(gradient, [gradient]);
  return [...new Set(unitOf.values())].sort((a, b) => gradients.indexOf(a[0] as GradientSpec) - gradients.indexOf(b[0] as GradientSpec));
}
