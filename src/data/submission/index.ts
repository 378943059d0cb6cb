export {
  buildSubmission,
  sampleColumns,
  type AskedValues,
  type ListOptions,
  type SampleColumn,
  type Submission,
  type ValueWriter,
} from './build.ts';
export { checkSubmission } from './check.ts';
export { sampleIdColumn, type SampleIds } from './sample-id.ts';
