export { divisionByTable, rowsIn, rowsOfFold, viewsOf, type Division, type FoldRows } from './division.ts';
export { EARLIER_FILE, FOLDS_FILE, readDivision, writeDivision } from './folds-file.ts';
export { divide, type FoldedRows, type FoldOptions, type Strata } from './folds.ts';
export { rowsByStratum } from './kfold.ts';
