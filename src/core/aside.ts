import { interrupted } from './errors.ts';
import { unpackError } from './packed-errors.ts';
import type { AsideCall, AsideMessage } from './aside-thread.ts';
import { moduleBeside, openThread } from './threads.ts';
import { variables } from './variables.ts';

/**
 * Calls an exported function of a module in a thread of its own, so that this one hears Ctrl-C however long a loop in it takes. What it
 * is given and answers is copied: plain data. Throws what it throws, and `interrupted` as soon as `signal` is aborted; then the
 * thread is ended wherever it is, so nothing of onnxruntime may run in it.
 *
 * @param module the file's address
 */
export async function aside<T>(module: URL, name: string, args: readonly unknown[], signal?: AbortSignal): Promise<T> {
  if (signal?.aborted === true) throw interrupted();
  const call: AsideCall = { module: module.href, name, args, variables: { ...variables() } };
  const thread = openThread(moduleBeside(import.meta.url, 'aside-thread'), call);
  let onAbort: () => void = () => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      onAbort = () => reject(interrupted());
      signal?.addEventListener('abort', onAbort);
      thread.once('message', (message: AsideMessage) =>
        'error' in message ? reject(unpackError(message.error)) : resolve(message.value as T),
      );
      thread.once('error', reject);
      thread.once('exit', (code) => reject(new Error(`the thread of ${name} ended with code ${code}`)));
    });
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await thread.terminate();
  }
}
