// ONNX bytes are not here: import `toOnnx` from ./onnx/to-onnx.ts, which loads the protobuf library (50 ms).
export { bytesOf, keptValues, nodesBehind, operationsOf, peakBytes, workKind } from './analysis.ts';
export { graphBuilder, type Builder } from './builder.ts';
export { check } from './check.ts';
export type { WorkKind } from './costs.ts';
export { concrete, product, sameShape, showShape, type Symbols } from './dims.ts';
export { sliceRange } from './infer.ts';
export { joinProducts } from './rewriting/joined-products.ts';
export { innerBatches, loopBatches, loopNames, type InnerLoop, type Loop, type LoopBatches } from './rewriting/loop.ts';
export { isBias, lower, loweredOperators, type LoweredOperator, type Provider } from './rewriting/lower.ts';
export { inMixedPrecision, precisionCounts, type LowPrecision, type PrecisionCount } from './rewriting/mixed-precision.ts';
export type { AttributesOf, InputsOf, OpName, OutputsOf } from './ops.ts';
export { print } from './print.ts';
export { bind, inline, rewrite, type Rewriting } from './rewriting/rewrite.ts';
export { backwardScope, layerOf, parentScope } from './scopes.ts';
export { toStandard } from './rewriting/standard.ts';
export type { ConstantData, DType, Dim, Graph, Node, Shape, Value } from './types.ts';
