export { planExperiment } from './aside.ts';
export type { ExperimentPlan, JobPlan, TokenCount } from './plan.ts';
export { plannedTogether, type PlannedTogether } from './together.ts';
