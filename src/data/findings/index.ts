export { examplesOf, finding, partOf, percent, type Finding } from './finding.ts';
export { sameness } from './sameness.ts';
export { inspectTexts } from './texts.ts';
export { inspectTokens } from './tokens.ts';
