export { columnNames } from './column-names.ts';
export { openColumns, writeColumns, type ColumnsFile, type WrittenColumn } from './columns-file.ts';
export { columnProblems, firstLine, remedyFor, type NamedColumns } from './column-problems.ts';
export { canonical, compareDecimals, decimalOf, isFiniteNumber, isInteger, isNumeric, wholeNumber } from './decimal.ts';
export { writeCsv, writeRecords } from './formats/csv.ts';
export { headerless, looksLikeRow } from './header.ts';
export { isLarge, readTableAside } from './large-tables.ts';
export { safeCell } from './safe-cells.ts';
export {
  columnOf,
  columnsOf,
  parseTable,
  readContent,
  readTable,
  requiredColumn,
  type Table,
  type TableColumns,
  type TableFile,
} from './table.ts';
export { parseLines } from './text-lines.ts';
