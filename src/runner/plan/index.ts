export { planExperiment } from './aside.ts';
export type { ExperimentPlan, TokenCount } from './plan.ts';
export { plannedTogether, type PlannedTogether } from './together.ts';
