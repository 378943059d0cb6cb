import { appendFileSync, closeSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder, writeJsonAtomic } from '../../core/files.ts';
import { readJsonInput } from '../../core/inputs.ts';
import { fileInside, openFile } from '../../core/inside.ts';
import { count, flag, nullable, object, optional, record, text } from '../../core/shapes.ts';
import { OWN_KEY, type TrackingServer } from './server.ts';

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
  /** Whether the server's runs have reached the end of the journal. */
  readonly isSettled: boolean;
  /** How the files looked then that are made after the run's end; absent before. */
  readonly late?: string;
}

export function freshCheckpoint(server: TrackingServer): Checkpoint {
  return { server: server.uri, offset: 0, experiment: null, runs: {}, parent: null, artifacts: {}, isSettled: false };
}

/** Whether anything of a run has been sent to a server. */
export function hasCheckpoint(folder: string, server: TrackingServer): boolean {
  return storedCheckpoint(folder, server) !== undefined;
}

/** A lost or damaged checkpoint only costs sending the journal again: the runs are found by their tag. */
export function readCheckpoint(folder: string, server: TrackingServer): Checkpoint {
  return storedCheckpoint(folder, server) ?? freshCheckpoint(server);
}

function storedCheckpoint(folder: string, server: TrackingServer): Checkpoint | undefined {
  const former = server.formerKey === undefined ? [] : [server.formerKey];
  for (const key of [server.key, ...former]) {
    try {
      const stored = readJsonInput(fileInside(folder, `mlflow/${key}.json`), checkpointShape);
      if (stored.server === server.uri || key === OWN_KEY) return { ...freshCheckpoint(server), ...stored };
    } catch {
      // Missing, or as good as lost.
    }
  }
  return undefined;
}

const checkpointShape = object({
  server: text,
  offset: count,
  experiment: nullable(text),
  runs: record(text),
  parent: optional(nullable(text)),
  artifacts: record(text),
  isSettled: optional(flag),
  late: optional(text),
});

export function writeCheckpoint(folder: string, server: TrackingServer, checkpoint: Checkpoint): void {
  writeJsonAtomic(pathOf(folder, server), checkpoint);
}

/** Something that the server will never take, or that is no part of a journal. */
export interface Refused {
  readonly target: string;
  readonly item: unknown;
  readonly reason: string;
}

/** Writes down what a server refused, in the run's `mlflow/rejected.jsonl`. */
export function setAside(folder: string, { uri }: TrackingServer, refused: readonly Refused[]): void {
  if (refused.length === 0) return;
  const path = fileInside(folder, 'mlflow/rejected.jsonl');
  makeFolder(dirname(path));
  const file = openFile(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
  appendFileSync(file, refused.map((each) => `${JSON.stringify({ t: Date.now(), server: uri, ...each })}\n`).join(''));
  closeSync(file);
}

function pathOf(folder: string, { key }: TrackingServer): string {
  return fileInside(folder, `mlflow/${key}.json`);
}
