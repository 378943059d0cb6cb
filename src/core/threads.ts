import { Worker } from 'node:worker_threads';

/** A module beside the one with the address `from`, built or, in a checkout, as TypeScript. */
export function moduleBeside(from: string, name: string): URL {
  return new URL(`./${name}.${new URL(from).pathname.endsWith('.ts') ? 'ts' : 'js'}`, from);
}

/** A thread that runs a module. */
export function openThread(entry: URL, workerData: unknown): Worker {
  return isBuilt(entry) ? new Worker(entry, { workerData }) : new Worker(throughTsx(entry), { eval: true, workerData });
}

export const isBuilt = ({ pathname }: URL): boolean => pathname.endsWith('.js');

/** A program that runs a TypeScript source by way of tsx. */
export function throughTsx(entry: URL): string {
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  return `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); })`;
}
