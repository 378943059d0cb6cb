export { OrtrainError, type ErrorCode, type Problem } from './core/errors.ts';
export {
  openClassifier,
  type AnyClassifier,
  type Classifier,
  type ClassifierDescription,
  type ClassifyOptions,
  type DescribedModel,
  type OpenClassifierOptions,
} from './runner/classifier/index.ts';
export type {
  ClassPrediction,
  GradePrediction,
  LabelPrediction,
  NumberPrediction,
  Prediction,
  PredictionsByTask,
  TaskName,
} from './tasks/index.ts';
