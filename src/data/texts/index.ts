export { segmentSources, textColumns, textsIn, textsOfLines, textsOfSegments, wholeColumn, type TextColumns } from './segments.ts';
export { areSingle, isBlank, mapText, runningText, segmentsOf, shownText, textKey, textKeys, type Text } from './text.ts';
