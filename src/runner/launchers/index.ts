export type { LaunchedWorker } from './engine.ts';
export { launch, type Launched, type LaunchEvent } from './launch.ts';
