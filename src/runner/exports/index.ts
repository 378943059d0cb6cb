export { exportRun } from './export.ts';
export type { ExportedFile, ExportedModel, ExportRequest, What } from './request.ts';
