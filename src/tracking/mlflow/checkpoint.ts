import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '../../core/files.ts';
import type { TrackingServer } from './server.ts';

/** How far a run's journal has come on one server: `mlflow/<server>.json` in the run's folder. */
export interface Checkpoint {
  readonly server: string;
  /** Bytes of the journal that need not be sent again. */
  readonly offset: number;
  readonly experiment: string | null;
  /** The server's run of `experiment`, `fold-0`, … */
  readonly runs: Readonly<Record<string, string>>;
  /** The server's run of the command, above that of the experiment. */
  readonly parent: string | null;
  /** Path in the run's folder to the SHA-256 of what was sent. */
  readonly artifacts: Readonly<Record<string, string>>;
  /** Whether the server's runs have come to the end that the journal tells of. */
  readonly isSettled: boolean;
}

export function freshCheckpoint(server: TrackingServer): Checkpoint {
  return { server: server.uri, offset: 0, experiment: null, runs: {}, parent: null, artifacts: {}, isSettled: false };
}

/** Whether anything of a run has been sent to a server. */
export function hasCheckpoint(folder: string, server: TrackingServer): boolean {
  return existsSync(pathOf(folder, server));
}

/** A lost or damaged checkpoint only costs sending the journal again: the runs are found by their tag. */
export function readCheckpoint(folder: string, server: TrackingServer): Checkpoint {
  try {
    const stored = JSON.parse(readFileSync(pathOf(folder, server), 'utf8')) as Checkpoint;
    return { ...freshCheckpoint(server), ...stored };
  } catch {
    return freshCheckpoint(server);
  }
}

export function writeCheckpoint(folder: string, server: TrackingServer, checkpoint: Checkpoint): void {
  writeJsonAtomic(pathOf(folder, server), checkpoint);
}

export function rejectedPath(folder: string): string {
  return join(folder, 'mlflow', 'rejected.jsonl');
}

function pathOf(folder: string, { key }: TrackingServer): string {
  return join(folder, 'mlflow', `${key}.json`);
}
