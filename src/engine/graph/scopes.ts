import type { Node } from './types.ts';

/** A node's name within its model, as onnxruntime reports it: `bert.encoder.layer.3.attention.self.query.Gemm_12`. */
export function nodeName({ scope, outputs: [y] }: Node): string {
  return scope === undefined ? (y?.name ?? '') : `${scope}.${y?.name ?? ''}`;
}

/** The scope around a scope, or around a tensor: `encoder.layer.3.attention` of `encoder.layer.3.attention.query`. */
export function parentScope(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf('.'), 0));
}

/** The innermost scope around all of these nodes; empty where they share none. */
export function commonScope(nodes: readonly Node[]): string {
  const [first = [], ...others] = nodes.map(({ scope = '' }) => scope.split('.'));
  const differs = first.findIndex((part, i) => others.some((other) => other[i] !== part));
  return (differs === -1 ? first : first.slice(0, differs)).join('.');
}

/** The scope of what computes gradients of nodes in `scope`. */
export function backwardScope(scope = ''): string {
  return scope === '' ? 'backward' : `${scope}.backward`;
}

/**
 * The layer that a scope lies in, its dropout and its backward pass included: `bert.encoder.layer.3`, up to the number; where
 * there is none, the first two parts, `bert.embeddings`.
 */
export function layerOf(scope: string): string {
  const parts = scope.split('.').filter((part) => part !== 'backward' && part !== 'dropout');
  const number = parts.findIndex((part) => /^\d+$/.test(part));
  return parts.slice(0, number === -1 ? 2 : number + 1).join('.');
}
