/**
 * Milliseconds of one training step, ours beside PyTorch eager, taking turns in one run: `npm run bench`.
 * `npm run bench -- tiny base --shots 5 --threads 1 --no-log` chooses models, shots and threads and leaves LOG.md alone.
 */
import { appendFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { bertCase, openOurs, openPytorch, type Case } from './classifier.ts';
import { machineLines } from './machine.ts';
import { findPython, openPython, type Python } from './python.ts';
import { race, type Times } from './race.ts';

const models = {
  tiny: { layers: 2, hidden: 128, heads: 2 },
  minilm: { layers: 6, hidden: 384, heads: 12 },
  base: { layers: 12, hidden: 768, heads: 12 },
} as const;
const standard = ['tiny', 'minilm'] as const;
const batch = 32;
const lengths = [32, 64] as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      shots: { type: 'string', default: '12' },
      threads: { type: 'string', default: `${availableParallelism()}` },
      log: { type: 'boolean', default: true },
    },
  });
  const threads = Number(values.threads);
  const names = positionals.length === 0 ? standard : positionals.map(modelName);

  const interpreter = findPython();
  const python = interpreter === undefined ? undefined : await openPython(interpreter);
  print(machineLines(threads, python));
  print('\n| model, batch × length | ortrain ms, median / minimum | PyTorch ms, median / minimum | ratio | quiet shots |\n|---|---|---|---|---|');
  const rows: string[] = [];
  for (const name of names) {
    for (const length of lengths) {
      const row = await compare(bertCase(`${name} ${batch} × ${length}`, models[name], batch, length, threads), Number(values.shots), python);
      print(row);
      rows.push(row);
    }
  }
  await python?.close();
  if (values.log) appendFileSync(new URL('LOG.md', import.meta.url), entry(threads, python, rows));
}

async function compare(subject: Case, shots: number, python: Python | undefined): Promise<string> {
  const sides = [await openOurs(subject), ...(python === undefined ? [] : [await openPytorch(subject, python)])];
  const [ours, theirs] = await race(sides.map(({ runner }) => runner), shots, python === undefined ? [] : [python.pid]);
  for (const side of sides) await side.close();
  if (ours === undefined) throw new Error('nothing was measured');
  return `| ${subject.name} | ${shown(ours)} | ${theirs === undefined ? '–' : shown(theirs)} | ${theirs === undefined ? '–' : ratio(ours, theirs)} | ${quiet(ours)}${theirs === undefined ? '' : `, ${quiet(theirs)}`} |`;
}

function entry(threads: number, python: Python | undefined, rows: readonly string[]): string {
  return `
## ${new Date().toISOString().slice(0, 10)}: training step
${machineLines(threads, python)}

| model, batch × length | ortrain ms, median / minimum | PyTorch ms, median / minimum | ratio | quiet shots |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

function modelName(text: string): keyof typeof models {
  if (Object.hasOwn(models, text)) return text as keyof typeof models;
  throw new Error(`there is no model ${text}; there are ${Object.keys(models).join(', ')}`);
}

function shown({ median, minimum }: Times): string {
  return `${median.toPrecision(3)} / ${minimum.toPrecision(3)}`;
}

/** In brackets where the machine was too busy for the figures to mean much. */
function ratio(ours: Times, theirs: Times): string {
  const text = `${(ours.median / theirs.median).toFixed(2)} / ${(ours.minimum / theirs.minimum).toFixed(2)}`;
  return ours.disturbed || theirs.disturbed ? `(${text})` : text;
}

function quiet({ quietShots, shots }: Times): string {
  return `${quietShots} of ${shots}`;
}

function print(text: string): void {
  console.log(text);
}

await main();
