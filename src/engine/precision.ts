import { inMixedPrecision, precisionCounts, type Graph, type LowPrecision, type PrecisionCount } from './graph/index.ts';

/**
 * In what products of matrices are taken, whose factors are the weights and activations. `tf32` is a mode of NVIDIA's GPUs, in which a
 * graph of float32 is computed; it changes no graph.
 */
export type Precision = 'float32' | 'tf32' | 'float16' | 'bfloat16';

/** A program whose products of matrices are taken in the precision. Parameters, gradients and everything else stay in float32. */
export function inPrecision<P extends { readonly graph: Graph }>(program: P, precision: Precision): P {
  return isLow(precision) ? { ...program, graph: inMixedPrecision(program.graph, precision) } : program;
}

/** What of a graph is computed in which type; empty where the graph itself is all in float32. */
export function nodesByPrecision(graph: Graph, precision: Precision): readonly PrecisionCount[] {
  return isLow(precision) ? precisionCounts(graph, precision) : [];
}

function isLow(precision: Precision): precision is LowPrecision {
  return precision === 'float16' || precision === 'bfloat16';
}
