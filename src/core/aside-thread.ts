import { parentPort, workerData } from 'node:worker_threads';
import { packError, type ErrorMessage } from './packed-errors.ts';

/* The main module of a thread that makes one call. */

export interface AsideCall {
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

export type AsideMessage = { readonly value: unknown } | { readonly error: ErrorMessage };

const { module, name, args } = workerData as AsideCall;

async function answer(): Promise<AsideMessage> {
  try {
    const functions = (await import(module)) as Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
    return { value: await functions[name]?.(...args) };
  } catch (error) {
    return { error: packError(error) };
  }
}

parentPort?.postMessage(await answer());
