/** What starts workers, and nothing more: jobs travel by the queue. */
export interface Engine {
  /** As a person knows it: `Slurm`. */
  readonly name: string;
  /** Starts so many workers. Throws OrtrainError where the engine does not take them. */
  start(count: number): Promise<void>;
  /** All that it has started. Throws OrtrainError where the engine does not answer. */
  poll(): Promise<readonly LaunchedWorker[]>;
  /** The end of what a worker has printed; empty where nothing is known. */
  lastWords(id: string): Promise<string>;
  /** Ends those that still run: each gives its job back first where the engine leaves it the time. */
  stop(): Promise<void>;
}

export interface LaunchedWorker {
  /** A process number, `4711_3` of Slurm, a submission of Ray. */
  readonly id: string;
  readonly state: 'waiting' | 'running' | 'ended';
  /** Where it runs, where that is known. */
  readonly where: string | undefined;
  /** The engine's own word for how it ended, or why it waits. */
  readonly detail: string | undefined;
  /** Ended as a worker does that finds nothing more to do. */
  readonly isDone: boolean;
}

/** What an engine is told. */
export interface EngineSettings {
  readonly artifacts: string;
  /** Begins the names of what is started. */
  readonly title: string;
  /** The command line of a worker, each word as it is. */
  readonly worker: readonly string[];
  /** Of the shell, in place of the program of this installation. */
  readonly command: string | null;
  readonly threads: number;
}

/** A worker as a line of a shell. */
export function shellLine({ worker, command }: Pick<EngineSettings, 'worker' | 'command'>): string {
  const [node = '', program = '', ...words] = worker.map(quoted);
  return [...(command === null ? [node, program] : [command]), ...words].join(' ');
}

export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
