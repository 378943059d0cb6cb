import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { queueFolder } from '../queue/index.ts';
import { shellLine, type Engine, type EngineSettings } from './engine.ts';

interface Started {
  readonly child: ChildProcess;
  readonly log: string;
}

/** Workers that are processes of this machine. They outlive this process, and end when nothing is left to do. */
export function localEngine(settings: EngineSettings): Engine {
  const started: Started[] = [];
  const folder = join(queueFolder(settings.artifacts), 'logs');
  return {
    name: 'local',
    async start(count) {
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < count; i += 1) {
        const log = join(folder, `local-${process.pid}-${started.length + 1}.log`);
        const file = openSync(log, 'w');
        const [node = '', ...words] = settings.worker;
        const [program, args] = settings.command === null ? [node, words] : ['/bin/sh', ['-c', `exec ${shellLine(settings)}`]];
        const child = spawn(program, args, { stdio: ['ignore', file, file], detached: true });
        child.on('error', () => {});
        child.unref();
        closeSync(file);
        started.push({ child, log });
      }
    },
    poll: async () =>
      started.map(({ child: { pid, exitCode, signalCode } }, i) => {
        const hasEnded = pid === undefined || exitCode !== null || signalCode !== null;
        const detail = signalCode ?? (exitCode === null ? undefined : `exit code ${exitCode}`);
        return { id: String(pid ?? `${i + 1}`), state: hasEnded ? 'ended' : 'running', where: undefined, detail, isDone: exitCode === 0 };
      }),
    async lastWords(id) {
      const log = started.find(({ child }, i) => String(child.pid ?? `${i + 1}`) === id)?.log;
      return log === undefined ? '' : lastLines(log);
    },
    async stop() {
      const running = started.filter(({ child }) => child.pid !== undefined && child.exitCode === null && child.signalCode === null);
      await Promise.all(
        running.map(async ({ child }) => {
          const end = once(child, 'exit');
          child.kill('SIGTERM');
          const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
          await end;
          clearTimeout(timer);
        }),
      );
    },
  };
}

/** A worker stops at its next step, which takes seconds on a large model. */
const PATIENCE_MS = 30_000;

const LAST_CHARACTERS = 2000;

/** The end of a file of what a worker printed; empty where there is none. */
export function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-LAST_CHARACTERS).trim();
  } catch {
    return '';
  }
}
