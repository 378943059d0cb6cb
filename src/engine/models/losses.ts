import type { Builder } from '../graph/index.ts';
import type { Value } from '../graph/types.ts';

/** Mean over all elements of (y − t)²; the loss is a scalar. PyTorch's MSELoss. */
export function meanSquaredError(g: Builder, y: Value, targets: Value): Value {
  const error = g.Sub(y, targets);
  return g.ReduceMean(g.Mul(error, error), { keepdims: 0 });
}

/**
 * Mean over all elements of log(1 + eˣ) − x·t, which is −t·log σ(x) − (1 − t)·log(1 − σ(x)) without overflow.
 * Logits and targets [B, outputs], targets between 0 and 1; the loss is a scalar. PyTorch's BCEWithLogitsLoss.
 */
export function binaryCrossEntropy(g: Builder, logits: Value, targets: Value): Value {
  return g.ReduceMean(g.Sub(g.Softplus(logits), g.Mul(logits, targets)), { keepdims: 0 });
}

/**
 * Mean over the batch of −Σ t·log softmax(x). Logits and targets [B, classes], each row of targets a distribution (one-hot
 * for plain labels); the loss is a scalar. PyTorch's CrossEntropyLoss with probabilities as targets.
 */
export function crossEntropy(g: Builder, logits: Value, targets: Value): Value {
  const gain = g.ReduceSum(g.Mul(targets, g.LogSoftmax(logits, { axis: -1 })), { axes: [-1], keepdims: 0 }); // [B]
  return g.Neg(g.ReduceMean(gain, { keepdims: 0 }));
}
