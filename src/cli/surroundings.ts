import type { Surroundings } from '../index.ts';

/** What functions of the package may read besides what they are given: for a command all that its process has. */
export function surroundings({ artifacts }: { readonly artifacts: string }): Surroundings {
  return { artifacts, env: process.env };
}

/** How the command was called and where, for the records of a run. */
export function provenance({ commandLine }: { readonly commandLine: readonly string[] }) {
  return { commandLine, checkout: process.cwd() };
}
