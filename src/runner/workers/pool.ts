import { deviceVariables } from '../machine/devices.ts';
import type { PreparedRun } from '../prepare.ts';
import { startStageProcess, startStageThread, type StageWorker } from './worker.ts';

/** The workers of a run. Each starts when it is first needed. */
export interface WorkerPool {
  /** Runs jobs one after the other. */
  single(): StageWorker;
  /** Runs the jobs of one lane, while other lanes run theirs. */
  process(lane: number): StageWorker;
  /** Asks whatever is at work, or will be, to stop at its next step. */
  stop(): void;
  /** Ends the lanes' processes, which must be idle, and with them the memory that they hold. */
  endProcesses(): Promise<void>;
  /** Ends all workers, which must be idle. */
  close(): Promise<void>;
}

export function openWorkerPool({ device, precisionChoice: { precision } }: Pick<PreparedRun, 'device' | 'precisionChoice'>): WorkerPool {
  let [single, processes]: [StageWorker | undefined, StageWorker[]] = [undefined, []];
  let isStopping = false;
  const started = (worker: StageWorker): StageWorker => {
    if (isStopping) worker.stop();
    return worker;
  };
  const startProcess = (): StageWorker => started(startStageProcess({ env: deviceVariables(device, precision) }));
  const endProcesses = async (): Promise<void> => {
    const ended = processes;
    processes = [];
    await Promise.all(ended.map((worker) => worker?.close()));
  };
  return {
    // A process takes WebGPU up once, in one thread, so another experiment of the same command needs another process; and the
    // libraries of CUDA are found by a variable that a process is started with.
    single: () => (single ??= device === 'cpu' ? started(startStageThread()) : startProcess()),
    process: (lane) => (processes[lane] ??= startProcess()),
    stop() {
      isStopping = true;
      for (const worker of [single, ...processes]) worker?.stop();
    },
    endProcesses,
    async close() {
      await endProcesses();
      await single?.close();
    },
  };
}
