export { findMlflow, startOwnServer } from './own-server.ts';
export { givenExperimentName, trackingServer, type TrackingServer } from './server.ts';
export { syncRun, type SyncResult } from './sync.ts';
export { openTracker, type Tracker } from './tracker.ts';
