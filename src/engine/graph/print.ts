import { showType } from './dims.ts';
import { operatorOf } from './ops.ts';
import type { Attribute, ConstantData, Graph, Node, Value } from './types.ts';

/**
 * The graph as a program, one line a node, for reading and for snapshots:
 *
 *     head(x: float32[B, 8], w: float32[4, 8]) {
 *       Gemm_0: float32[B, 4] = Gemm(x, w) { transB: 1 }  # classifier
 *       return { logits: Gemm_0 }
 *     }
 *
 * The scope of a node stands behind it. Attributes at their default are left out; constants without axes stand where they are used.
 */
export function print(graph: Graph): string {
  const inline = new Map([...graph.constants].filter(([x]) => x.shape.length === 0).map(([x, data]) => [x, String(data[0])]));
  const use = (x: Value | null): string => (x === null ? 'null' : (inline.get(x) ?? x.name));
  const declare = (x: Value): string => `${x.name}: ${showType(x)}`;
  const lines = [
    ...[...graph.constants].filter(([x]) => !inline.has(x)).map(([x, data]) => `${declare(x)} = ${showData(data)}`),
    ...graph.nodes.map((node) => {
      const call = `${node.op}(${trimmed(node.inputs).map(use).join(', ')})${showAttributes(node)}`;
      const scope = node.scope === undefined ? '' : `  # ${node.scope}`;
      return `${node.outputs.map(declare).join(', ')} = ${call}${scope}`;
    }),
    `return { ${[...graph.outputs].map(([name, value]) => `${name}: ${use(value)}`).join(', ')} }`,
  ];
  return [`${graph.name}(${graph.inputs.map(declare).join(', ')}) {`, ...lines.map((line) => `  ${line}`), '}'].join('\n');
}

/** Inputs without the optional ones that are left out at the end. */
function trimmed(inputs: Node['inputs']): Node['inputs'] {
  return inputs.slice(0, inputs.findLastIndex((x) => x !== null) + 1);
}

function showAttributes(node: Node): string {
  const specs = operatorOf(node.op)?.attrs ?? {};
  const shown = Object.entries(node.attrs).filter(([key, value]) => showAttribute(value) !== showAttribute(specs[key]?.fallback ?? ''));
  return shown.length === 0 ? '' : ` { ${shown.map(([key, value]) => `${key}: ${showAttribute(value)}`).join(', ')} }`;
}

function showAttribute(value: Attribute): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}

const SHOWN_ELEMENTS = 8;

function showData(data: ConstantData): string {
  const shown = [...data.subarray(0, SHOWN_ELEMENTS)].join(', ');
  return `[${shown}${data.length > SHOWN_ELEMENTS ? ', …' : ''}]`;
}
