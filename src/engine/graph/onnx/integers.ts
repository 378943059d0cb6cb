import { product, quotient } from '../dims.ts';
import type { Integers, OnnxNode } from './node.ts';
import type { Dim } from '../types.ts';

/**
 * What a node's output holds where that follows from shapes alone: exporters compute the targets of Reshape and Expand at run time
 * from lengths that are known, or have a name, before. Undefined where it does not follow.
 */
export function integersOf(node: OnnxNode): Integers | undefined {
  return Object.hasOwn(rules, node.op) ? rules[node.op]?.(node) : undefined;
}

/** Whether it is one of the operators that exporters compute lengths with. */
export function computesIntegers(op: string): boolean {
  return Object.hasOwn(rules, op);
}

type Rule = (node: OnnxNode) => Integers | undefined;

const rules: Readonly<Record<string, Rule>> = {
  Shape: ({ inputs: [x], attribute }) => {
    const shape = x?.shape ?? [];
    return { scalar: false, list: shape.slice(Number(attribute('start', 'int') ?? 0), Number(attribute('end', 'int') ?? shape.length)) };
  },
  Size: ({ inputs: [x] }) => ({ scalar: true, list: [product(x?.shape ?? [])] }),
  Identity: ({ integers }) => integers(0),
  Cast: (node) => (['int64', 'int32'].includes(String(node.attribute('to', 'dtype'))) ? node.integers(0) : undefined),
  Unsqueeze: ({ integers }) => (integers(0)?.scalar === true ? arranged(integers(0), 1) : undefined),
  Squeeze: ({ integers }) => arranged(integers(0), 0),
  Reshape: ({ integers }) => arranged(integers(0), integers(1)?.list.length),
  Gather: ({ integers }) => {
    const [x, at] = [integers(0), integers(1)];
    const list = at?.list.map((place) => x?.list.at(Number(place)));
    return list?.every((dim): dim is Dim => dim !== undefined) === true ? { scalar: at?.scalar === true, list } : undefined;
  },
  Slice: ({ integers, attribute }) => {
    const [start, end, step] = [
      range(integers(1), attribute('starts', 'ints')),
      range(integers(2), attribute('ends', 'ints')),
      integers(4)?.list[0] ?? 1,
    ];
    const x = integers(0);
    return x === undefined || start === undefined || end === undefined || step !== 1
      ? undefined
      : { scalar: false, list: x.list.slice(start, end) };
  },
  Concat: ({ inputs, integers }) => {
    const parts = inputs.map((_, i) => integers(i));
    return parts.every((part) => part?.scalar === false) ? { scalar: false, list: parts.flatMap((part) => part?.list ?? []) } : undefined;
  },
  Mul: each((a, b) => product([a, b])),
  Div: each((a, b) => (typeof a === 'number' && typeof b === 'number' && b !== 0 ? Math.trunc(a / b) : quotient(a, b))),
  Mod: each((a, b) => (typeof a === 'number' && typeof b === 'number' && b > 0 ? ((a % b) + b) % b : undefined)),
  Add: each((a, b) => (typeof a === 'number' && typeof b === 'number' ? a + b : undefined)),
  Sub: each((a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : undefined)),
};

/** The same numbers as a scalar, which has no axes, or as a list, which has one. */
function arranged(x: Integers | undefined, axes: number | undefined): Integers | undefined {
  if (x === undefined || axes === undefined || axes > 1 || (axes === 0 && x.list.length !== 1)) return undefined;
  return { ...x, scalar: axes === 0 };
}

function range(operand: Integers | undefined, attribute: unknown): number | undefined {
  const first = operand?.list[0] ?? (Array.isArray(attribute) ? (attribute[0] as Dim) : undefined);
  return typeof first === 'number' ? first : undefined;
}

/** Element by element, one number serving for a whole list. */
function each(operation: (a: Dim, b: Dim) => Dim | undefined): Rule {
  return ({ integers }) => {
    const [a, b] = [integers(0), integers(1)];
    if (a === undefined || b === undefined) return undefined;
    const length = Math.max(a.list.length, b.list.length);
    if ([a, b].some(({ list }) => list.length !== 1 && list.length !== length)) return undefined;
    const at = ({ list }: Integers, i: number): Dim => list[list.length === 1 ? 0 : i] as Dim;
    const list = Array.from({ length }, (_, i) => operation(at(a, i), at(b, i)));
    return list.every((dim): dim is Dim => dim !== undefined) ? { scalar: a.scalar && b.scalar, list } : undefined;
  };
}
