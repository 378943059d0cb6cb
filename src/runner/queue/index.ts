export { startableJobs } from './choose.ts';
export { systemClock } from './clock.ts';
export { openDispatcher, type Dispatcher } from './dispatch.ts';
export { queueElsewhere } from './elsewhere.ts';
export { openQueue, queueFolder } from './open.ts';
export { runWorker, type WorkerEvent, type WorkerResult } from './run-worker.ts';
export { hasWork, type QueueState } from './state.ts';
