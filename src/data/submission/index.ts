export { buildSubmission, type AskedValues, type SampleColumn, type Submission, type ValueWriter } from './build.ts';
export { checkSubmission } from './check.ts';
export { sampleIdColumn, type SampleIds } from './sample-id.ts';
