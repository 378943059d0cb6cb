#!/usr/bin/env node
// Runs the sources in a checkout, whatever was built there before, and the built package elsewhere.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Interrupted before the command line is there to hear of it: nothing has begun.
const leave = () => process.exit(130);
process.on('SIGINT', leave).on('SIGTERM', leave);

const root = fileURLToPath(new URL('..', import.meta.url));
const { main } = existsSync(`${root}src/cli/main.ts`)
  ? await (await import('../tools/build/checkout.js')).commandLine(root)
  : await import('../dist/cli/main.js');
process.off('SIGINT', leave).off('SIGTERM', leave);
await main(process.argv.slice(2));
