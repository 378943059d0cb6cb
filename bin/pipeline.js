#!/usr/bin/env node
// Runs the sources in a checkout, whatever was built there before, and the built package elsewhere.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { main } = existsSync(`${root}src/cli/main.ts`)
  ? await (await import('../tools/build/checkout.js')).commandLine(root)
  : await import('../dist/cli/main.js');
await main(process.argv.slice(2));
