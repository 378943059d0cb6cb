#!/usr/bin/env node
// Runs the TypeScript sources through tsx in a checkout, whatever was built there before, and the built package elsewhere.
import { existsSync } from 'node:fs';

if (existsSync(new URL('../src/cli/main.ts', import.meta.url))) {
  const { tsImport } = await import('tsx/esm/api');
  const { main } = await tsImport('../src/cli/main.ts', import.meta.url);
  await main(process.argv.slice(2));
} else {
  const { main } = await import('../dist/cli/main.js');
  await main(process.argv.slice(2));
}
