export { assignFolds, readFolds, writeFolds, type Strata } from './folds.ts';
export { rowsByStratum } from './kfold.ts';
