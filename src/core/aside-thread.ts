import { parentPort, workerData } from 'node:worker_threads';
import { packError, type ErrorMessage } from './packed-errors.ts';
import { withVariables, type Variables } from './variables.ts';

/* The main module of a thread that makes one call. */

export interface AsideCall {
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];
  /** What settings are read from. */
  readonly variables: Variables;
}

export type AsideMessage = { readonly value: unknown } | { readonly error: ErrorMessage };

const { module, name, args, variables } = workerData as AsideCall;

async function answer(): Promise<AsideMessage> {
  try {
    const functions = (await import(module)) as Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
    return { value: await withVariables(variables, () => functions[name]?.(...args)) };
  } catch (error) {
    return { error: packError(error) };
  }
}

parentPort?.postMessage(await answer());
