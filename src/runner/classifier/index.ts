export { openClassifier } from './open-classifier.ts';
export type { AnyClassifier, Classifier, ClassifyOptions, OpenClassifierOptions } from './open-classifier.ts';
export type { Text } from '../../data/texts/index.ts';
export type { ClassifierDescription, DescribedModel } from './describe.ts';
