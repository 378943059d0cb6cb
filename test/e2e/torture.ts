import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { torture } from './killing.ts';

const [kills = '200', seed = '1', lanes = '2'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'ortrain-torture-'));
const began = performance.now();
const result = await torture(folder, Number(kills), Number(seed), Number(lanes), (line) => process.stderr.write(`${line}\n`));
process.stdout.write(`${JSON.stringify({ ...result, seconds: Math.round((performance.now() - began) / 1000) }, null, 2)}\n`);
if (result.different.length === 0) rmSync(folder, { recursive: true, force: true });
else process.exitCode = 1;
