import { join } from 'node:path';
import { interrupted } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { port } from '../options.ts';

/** Shows the runs in MLflow: on the configured server, else on one of its own that runs until Ctrl-C; without MLflow the latest report. */
export const ui = defineCommand({
  name: 'ui',
  summary: 'show the runs in MLflow',
  description: 'It uses the configured server, or starts one that runs until Ctrl-C. Without MLflow it opens the newest report.',
  arguments: {},
  options: { port: port('port of the server that it starts', 'any free one') },
  examples: [
    { line: 'pipeline ui', purpose: 'Send the runs to MLflow and open its page.' },
    { line: 'pipeline ui --port 5000', purpose: 'Start the server on a port of your choice.' },
  ],
  async run({ port: asked }, context) {
    const { findMlflow, startOwnServer, trackingServer } = await import('../../tracking/mlflow/index.ts');
    const { asksForMlflow, soundRuns } = await import('../../runner/stored/index.ts');
    const { showLatestReport, showOnServer } = await import('../ui.ts');
    const { terminal, artifacts } = context;
    const runs = soundRuns(artifacts, terminal.log);
    const signal = context.takeInterrupts();
    const configured = trackingServer('env', process.env);
    if (configured !== null) return showOnServer(configured, runs.filter(asksForMlflow), terminal, signal);

    const mlflow = await findMlflow(process.env, signal);
    if (signal.aborted) throw interrupted();
    if (mlflow === undefined) return showLatestReport(runs, terminal);
    terminal.log(mlflow.isFetched ? `starting ${mlflow.words.join(' ')}, which is downloaded on first use` : 'starting an MLflow server');
    const own = await startOwnServer(mlflow, join(artifacts, 'mlflow'), {
      env: process.env,
      signal,
      ...(asked === undefined ? {} : { port: asked }),
    });
    try {
      const { data, text } = await showOnServer(own.server, runs, terminal, signal);
      terminal.result(text);
      terminal.log(`${terminal.json ? `MLflow: ${own.server.uri}\n` : ''}press Ctrl-C to stop the server`);
      await Promise.race([own.ended, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      return { data, text: '' };
    } finally {
      await own.stop();
    }
  },
});
