import type { BatchingOptions } from './batching/batcher.ts';
import type { BodyLimits } from './http/body.ts';

export interface ServerOptions extends Omit<BatchingOptions, 'maxTokens'>, BodyLimits {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly maxBodyBytes: number;
  /** A request is answered within this time, or refused. */
  readonly timeoutMs: number;
  /** Asked for at every path but those of probes and of the page; null: nobody is asked. */
  readonly token: string | null;
  /** The log holds the texts of requests, too. */
  readonly logTexts: boolean;
  readonly log: Log;
}

/** Where a server's log goes. */
export interface Log {
  readonly level: 'info' | 'warn' | 'silent';
  /** @param line one JSON object, with its line end */
  write(line: string): void;
}
