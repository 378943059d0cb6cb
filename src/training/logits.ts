/**
 * What logits mean. One output is a sigmoid over two classes, more are a softmax. Everything here is in float64 over row-major
 * logits [rows, outputs]; labels are class numbers.
 */

/** Probabilities: [rows] of class 1 for one output, otherwise [rows, outputs]. */
export function probabilitiesOf(logits: Float32Array, outputs: number): Float64Array {
  const probabilities = new Float64Array(logits.length);
  if (outputs === 1) return probabilities.map((_, i) => 1 / (1 + Math.exp(-(logits[i] ?? NaN))));
  for (let start = 0; start < logits.length; start += outputs) {
    const row = logits.subarray(start, start + outputs);
    const top = Math.max(...row);
    let sum = 0;
    for (const x of row) sum += Math.exp(x - top);
    row.forEach((x, i) => {
      probabilities[start + i] = Math.exp(x - top) / sum;
    });
  }
  return probabilities;
}

/** Mean binary cross-entropy with logits, max(x, 0) − x·y + log(1 + e^−|x|), or mean cross-entropy, logΣe^x − x_label. */
export function meanLoss(logits: Float32Array, labels: Int32Array, outputs: number): number {
  let sum = 0;
  labels.forEach((label, i) => {
    if (outputs === 1) {
      const x = logits[i] ?? NaN;
      sum += Math.max(x, 0) - x * label + Math.log1p(Math.exp(-Math.abs(x)));
    } else {
      const row = logits.subarray(i * outputs, (i + 1) * outputs);
      const top = Math.max(...row);
      sum += top + Math.log(row.reduce((total, x) => total + Math.exp(x - top), 0)) - (row[label] ?? NaN);
    }
  });
  return sum / labels.length;
}
