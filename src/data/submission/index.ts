export { sampleIdColumn, type SampleIds } from './sample-id.ts';
export { buildSubmission, checkSubmission, type SampleColumn, type ValueWriter } from './submission.ts';
