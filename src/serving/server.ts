import type { FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OrtrainError } from '../core/errors.ts';
import { openBatcher } from './batching/batcher.ts';
import { openApp } from './http/app.ts';
import type { Served } from './http/context.ts';
import { openMetrics } from './http/metrics.ts';
import type { ServerOptions } from './options.ts';
import type { OpenModel, ServedModel } from './served-model.ts';

/** A server that answers. */
export interface Server {
  /** `http://127.0.0.1:8080` */
  readonly address: string;
  readonly model: ServedModel;
  /**
   * Opens the model again, by the same way, and lets it take over: requests that came before are answered by the one before. Where it
   * cannot be opened, the one before stays; throws what stood against it. Throws `interrupted` where the server was closed meanwhile.
   */
  reload(): Promise<ServedModel>;
  /** Takes no more connections, answers what has come, and closes the model. */
  close(): Promise<void>;
}

/**
 * Opens the model, then listens. Throws what `open` throws, and an `environment` error where it cannot listen at that address.
 *
 * @param open opens the model that is to be served; called again at each reload
 */
export async function openServer(open: () => Promise<OpenModel>, options: ServerOptions): Promise<Server> {
  let isStopping = false;
  let reloading: Promise<ServedModel> | undefined;
  let reloadingNext: Promise<ServedModel> | undefined;
  const draining = new Set<Promise<void>>();
  let served: Served | undefined;
  const now = (): Served => {
    if (served === undefined) throw new Error('there is no model yet');
    return served;
  };
  const metrics = await openMetrics(
    () => served?.batcher.waitingTexts() ?? 0,
    () => !isStopping && served?.batcher.isReady() === true,
  );
  const take = ({ model, lanes }: OpenModel): void => {
    const before = served;
    const batcher = openBatcher(lanes, { ...options, maxTokens: model.maxTokens }, metrics.batch);
    served = { model, batcher };
    metrics.serves(model);
    if (before !== undefined) finish(before);
  };
  const finish = ({ batcher }: Served): void => {
    const done: Promise<void> = batcher.drain().finally(() => draining.delete(done));
    draining.add(done);
  };

  take(await open());
  const app = await openApp({ options, metrics, served: now, isStopping: () => isStopping });
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    await now().batcher.drain();
    throw notListening(error, options);
  }

  return {
    address: addressOf(app),
    get model() {
      return now().model;
    },
    reload,
    async close() {
      isStopping = true;
      await letGo(app);
      await app.close();
      finish(now());
      // One that is being opened is closed as soon as it is open.
      await reloadingNext?.catch(() => {});
      await reloading?.catch(() => {});
      await Promise.all(draining);
    },
  };

  /** What is asked for while the model is being read is done once more after that: the files may have been replaced in between. */
  function reload(): Promise<ServedModel> {
    if (reloading === undefined) {
      reloading = reopened().finally(() => (reloading = undefined));
      return reloading;
    }
    const before = reloading;
    reloadingNext ??= before
      .catch(() => {})
      .then(() => {
        reloadingNext = undefined;
        return reload();
      });
    return reloadingNext;
  }

  async function reopened(): Promise<ServedModel> {
    let opened: OpenModel;
    try {
      opened = await open();
    } catch (error) {
      metrics.reload(false);
      throw error;
    }
    if (isStopping) {
      await Promise.all(opened.lanes.map((lane) => lane.close()));
      throw new OrtrainError('interrupted', 'the server was stopped before the model was open');
    }
    take(opened);
    metrics.reload(true);
    return opened.model;
  }
}

/**
 * While a server stops, each answer asks its connection to close. Waits until all connections have gone, for a moment at most: then
 * those that are quiet are closed, and a request that is on its way on one of them at that instant would be lost.
 */
async function letGo({ server }: FastifyInstance): Promise<void> {
  const until = performance.now() + LETTING_GO_MS;
  const connections = (): Promise<number> => new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
  while (performance.now() < until && (await connections()) > 0) await sleep(LOOK_EVERY_MS);
}

const LETTING_GO_MS = 1000;
const LOOK_EVERY_MS = 20;

function addressOf({ server }: FastifyInstance): string {
  const { address, family, port } = server.address() as AddressInfo; // it listens on a port
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function notListening(error: unknown, { host, port }: ServerOptions): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const why: Readonly<Record<string, readonly [string, string]>> = {
    EADDRINUSE: ['another program listens there', 'Name another port with --port.'],
    EACCES: ['the system does not allow it', 'Ports below 1024 are for administrators; name another one with --port.'],
    EADDRNOTAVAIL: ['no network of this machine has that address', 'Name one that it has with --host: 127.0.0.1, or 0.0.0.0 for all.'],
    ENOTFOUND: ['the name is not known', 'Name an address of this machine with --host.'],
  };
  const [reason, remedy] = (code === undefined ? undefined : why[code]) ?? [];
  if (reason === undefined || remedy === undefined) return error;
  return new OrtrainError('environment', `the server cannot listen on ${host}:${port}: ${reason}`, { subject: host, remedy, cause: error });
}
