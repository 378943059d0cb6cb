import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fuzzAll } from '../fuzz/all.ts';
import { hostileServers } from '../hostile-servers/all.ts';
import { tortureCommands } from './killing-commands.ts';
import { torture } from './killing.ts';

const [kills = '200', seed = '1', lanes = '2', inputs = '10000'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'ortrain-torture-'));
const report = (line: string): void => void process.stderr.write(`${line}\n`);
const began = performance.now();
const result = await torture(folder, Number(kills), Number(seed), Number(lanes), report);
const commands = await tortureCommands(join(folder, 'commands'), Math.ceil(Number(kills) / 20), Number(seed), report);
const failures = await fuzzAll(join(folder, 'fuzz'), { count: Number(inputs), seed: Number(seed) }, report);
const hostile = await hostileServers(join(folder, 'hostile'), report);
process.stdout.write(
  `${JSON.stringify({ ...result, commands, fuzzed: Number(inputs), failures, hostile, seconds: Math.round((performance.now() - began) / 1000) }, null, 2)}\n`,
);
if (result.different.length + commands.wrong.length + failures + hostile === 0) rmSync(folder, { recursive: true, force: true });
else process.exitCode = 1;
