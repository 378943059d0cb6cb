export type { LinearTargets } from './learners.ts';
export { linearAnswers, type Division } from './out-of-fold.ts';
