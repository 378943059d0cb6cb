export { openModel, type OpenModelOptions } from './open-model.ts';
export { openServer, type Server } from './server.ts';
export type { Log, ServerOptions } from './options.ts';
export type { OpenModel, ServedModel } from './served-model.ts';
export type { Answer, Lane } from './lanes/lane.ts';
