export { textColumns, textsIn, textsOfLines, wholeColumn, type TextColumns } from './segments.ts';
