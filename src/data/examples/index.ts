export { cleaningSentence, type CleanedExamples, type CleaningCounts, type CleaningOptions, type TargetWords } from './cleaning.ts';
export { valuesAt, withWeights, type Examples, type LabelledExamples } from './example-rows.ts';
export {
  labelledExamples,
  readTrainExamples,
  rowGroups,
  trainExamples,
  unlabelledExamples,
  type ExampleColumns,
  type LabelledColumns,
  type TrainExamples,
  type TrainOptions,
} from './examples.ts';
export { groupsBy, repeated, type Groups } from './groups.ts';
export { sortedValues } from './ordering.ts';
export { differ, isLabelled, joinedTargets, rowCount, targetOf, targetsAt, type TargetReader, type Targets } from './targets.ts';
export { readWeights, relativeWeights } from './weights.ts';
