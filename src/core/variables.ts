import { AsyncLocalStorage } from 'node:async_hooks';

/** Variables of an environment, by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/*
 * Settings that come from the environment: where the hub's cache is, which server keeps experiments, tokens. A command reads those of its
 * process. A program that calls a function of the package hands over what it wants to be read, which may be nothing; the environment of its
 * process is then no setting. What finds the machine's programs and drivers, such as PATH, is not meant.
 */

const given = new AsyncLocalStorage<Variables>();

/** Those that were handed over to the work that calls, and otherwise those of the process. */
export function variables(): Variables {
  return given.getStore() ?? process.env;
}

/** Does a piece of work, and all that it starts in this thread, with these variables. */
export function withVariables<T>(handed: Variables, work: () => T): T {
  return given.run(handed, work);
}
