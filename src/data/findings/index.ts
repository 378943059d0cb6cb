export { examplesOf, finding, partOf, percent, type Finding } from './finding.ts';
export { normalizedText } from './normalized-text.ts';
export { overlapFindings } from './overlap.ts';
export { inspectTexts } from './texts.ts';
export { inspectTokens } from './tokens.ts';
