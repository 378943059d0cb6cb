export { deleteRuns, deletionOf, type Deletion } from './delete.ts';
export { listRuns, readRun, readRunAndHistory, type ListedRun, type StoredRun } from './runs.ts';
export { asksForMlflow, serverOf, soundRuns, syncRuns, type Synced } from './sync.ts';
