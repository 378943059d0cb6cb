import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { signOf } from '../../core/lease.ts';
import { ownerName, parseOwner, thisProcess } from '../../core/owner.ts';
import { touchedAt } from '../../core/signs.ts';
import { systemClock, type Clock } from './clock.ts';
import { openQueueFiles } from './files.ts';
import { openLog, type OperationLog } from './log.ts';
import type { SignOfLife } from './watch.ts';

/** The queue of an artifacts folder, as this process is one of its clients. */
export interface Queue {
  readonly log: OperationLog;
  /** This client: its process, and what tells it apart from others of the same process. */
  readonly me: string;
  readonly clock: Clock;
  readonly signOfLife: SignOfLife;
}

export function queueFolder(artifacts: string): string {
  return resolve(artifacts, 'queue');
}

export function experimentsFolder(artifacts: string): string {
  return join(queueFolder(artifacts), 'experiments');
}

/** Opens it, or makes it. A client keeps its lease in the artifacts folder as long as it is one. */
export async function openQueue(artifacts: string): Promise<Queue> {
  const me = `${ownerName(thisProcess())}~${randomBytes(4).toString('hex')}`;
  return {
    log: await openLog(openQueueFiles(queueFolder(artifacts)), systemClock, me),
    me,
    clock: systemClock,
    signOfLife: async (client) => {
      const owner = parseOwner(client.replace(/~[0-9a-f]+$/, ''));
      return owner === undefined ? undefined : touchedAt(signOf(resolve(artifacts), owner));
    },
  };
}
