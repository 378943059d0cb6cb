export { evaluateTable, evaluationDocument, type EvaluatedTable, type Evaluation, type MetricInterval } from './evaluate.ts';
export type { MeasuredMetrics } from './measured.ts';
export { readTexts, textsOf } from './new-texts.ts';
export { predictTexts, type TextPredictions } from './predict.ts';
export { predictionObjects, predictionsCsv } from './prediction-output.ts';
