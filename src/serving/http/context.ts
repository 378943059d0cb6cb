import type { FastifyRequest } from 'fastify';
import type { Batcher } from '../batching/batcher.ts';
import type { ServerOptions } from '../options.ts';
import type { ServedModel } from '../served-model.ts';
import type { Metrics } from './metrics.ts';

/** What requests are answered by now. */
export interface Served {
  readonly model: ServedModel;
  readonly batcher: Batcher;
}

/** What the answers of a server need. */
export interface AppContext {
  readonly options: ServerOptions;
  readonly metrics: Metrics;
  served(): Served;
  /** It is stopping: whoever is answered is asked to connect elsewhere. */
  isStopping(): boolean;
}

/** The path that a request was routed by, such as `/v1/classify`; the same word for all that have none. */
export function routeOf(request: FastifyRequest): string {
  return request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
}
