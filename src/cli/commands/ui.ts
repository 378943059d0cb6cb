import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { interrupted, OrtrainError } from '../../core/errors.ts';
import { findProgram } from '../../core/programs.ts';
import type { ListedRun } from '../../runner/index.ts';
import { findMlflow, startOwnServer } from '../../tracking/mlflow/own-server.ts';
import { trackingServer, type TrackingServer } from '../../tracking/mlflow/server.ts';
import type { Answer, Call, Verb } from '../call.ts';
import { pathFromHere } from '../render/text.ts';
import { asksForMlflow, soundRuns, syncRuns, syncTable } from './sync.ts';

interface UiFlags {
  readonly port?: string;
}

/** Shows the runs in MLflow: on the server that is configured, else on one of its own that runs until Ctrl-C; without MLflow the latest report. */
export const ui: Verb<UiFlags> = async (_operands, flags, call) => {
  const { terminal } = call;
  const port = portOf(flags.port);
  const runs = soundRuns(call);
  const signal = call.takeInterrupts();
  const show = async (server: TrackingServer, shown: typeof runs): Promise<{ readonly data: object; readonly text: string }> => {
    const synced = await syncRuns(shown, () => server, call, {}, signal);
    if (terminal.interactive) openPage(synced.findLast(({ page }) => page !== null)?.page ?? `${server.uri}/#/experiments?workflowType=machine_learning`);
    const lines = [...(synced.length === 0 ? ['there are no runs yet'] : [syncTable(synced, call), '']), `MLflow: ${server.uri}`];
    return { data: { server: server.uri, runs: synced }, text: lines.join('\n') };
  };

  const configured = trackingServer('env', process.env);
  if (configured !== null) return show(configured, runs.filter(asksForMlflow));

  const mlflow = await findMlflow(process.env, signal);
  if (signal.aborted) throw interrupted();
  if (mlflow === undefined) return reportInstead(runs, call);
  terminal.note(mlflow.isFetched ? `starting ${mlflow.words.join(' ')}, which is fetched at its first use` : 'starting an MLflow server');
  const own = await startOwnServer(mlflow, join(call.flags.artifacts, 'mlflow'), { env: process.env, signal, ...(port === undefined ? {} : { port }) });
  try {
    const { data, text } = await show(own.server, runs);
    terminal.result(text);
    terminal.note(`${terminal.json ? `MLflow: ${own.server.uri}\n` : ''}Ctrl-C ends it`);
    await Promise.race([own.ended, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
    return { data, text: '' };
  } finally {
    await own.stop();
  }
};

/** The page of the newest run that has one, opened where a person watches. */
function reportInstead(runs: readonly ListedRun[], { terminal }: Call): Answer {
  const report = runs.map(({ folder }) => join(folder, 'report.html')).findLast((page) => existsSync(page));
  const problem = 'there is no MLflow on this machine';
  if (report === undefined) throw new OrtrainError('environment', problem, { remedy: REMEDY });
  terminal.note(`${problem}. ${REMEDY}`);
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

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new OrtrainError('usage', `--port ${text} is no port`, { remedy: 'Give a number from 1 to 65535.' });
}
