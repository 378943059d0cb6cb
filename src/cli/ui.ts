import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { OrtrainError } from '../core/errors.ts';
import { findProgram } from '../core/programs.ts';
import { syncRuns, type ListedRun } from '../runner/stored/index.ts';
import type { TrackingServer } from '../tracking/mlflow/index.ts';
import type { CommandResult } from './command.ts';
import { syncTable } from './render/synced.ts';
import { pathFromHere } from './render/layout/text.ts';
import type { Terminal } from './terminal.ts';

/** Sends the runs to a server and, where a person watches, opens its page. */
export async function showOnServer(
  server: TrackingServer,
  runs: readonly ListedRun[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<CommandResult> {
  const synced = await syncRuns(
    runs.map((run) => ({ run, server })),
    { anew: false, signal, log: terminal.log },
  );
  if (terminal.interactive)
    openPage(synced.findLast(({ page }) => page !== null)?.page ?? `${server.uri}/#/experiments?workflowType=machine_learning`);
  const lines = [...(synced.length === 0 ? ['there are no runs yet'] : [syncTable(synced, terminal.colors), '']), `MLflow: ${server.uri}`];
  return { data: { server: server.uri, runs: synced }, text: lines.join('\n') };
}

/** The report of the newest run that has one, opened where a person watches. */
export function showLatestReport(runs: readonly ListedRun[], terminal: Terminal): CommandResult {
  const report = runs.map(({ folder }) => join(folder, 'report.html')).findLast((page) => existsSync(page));
  const problem = 'MLflow is not installed on this machine';
  if (report === undefined) throw new OrtrainError('environment', problem, { remedy: REMEDY });
  terminal.log(`${problem}. ${REMEDY}`);
  if (terminal.interactive) openPage(report);
  return { data: { server: null, report }, text: `report: ${pathFromHere(report)}` };
}

const REMEDY = 'Install it with "pip install mlflow", or set MLFLOW_TRACKING_URI to the address of a server.';

/** With the program that this system has for it; nobody waits for that. */
function openPage(address: string): void {
  const program = findProgram({ darwin: 'open', win32: 'explorer' }[platform() as string] ?? 'xdg-open');
  if (program === undefined) return;
  spawn(program, [address], { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref();
}
