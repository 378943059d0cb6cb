/** Checks an experiment, trains it, and prints what it came to. */
import { check, OrtrainError, run } from 'ortrain';
import { experiment } from './experiment.js';

try {
  const { rows, findings } = await check(experiment);
  console.log(`${rows} rows, ${findings.length} findings`);
  const { run: name, folder, metrics } = await run(experiment, { overrides: { seed: 7 } });
  console.log(`${name} in ${folder}: accuracy ${metrics?.oof['oof/accuracy']}`);
} catch (error) {
  if (!(error instanceof OrtrainError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  for (const { field, file, line, message } of error.problems) console.error(`  ${field ?? file}:${line ?? ''} ${message}`);
  console.error(error.remedy);
  process.exitCode = 1;
}
