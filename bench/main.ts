/**
 * ortrain beside PyTorch on this machine. `npm run bench` takes every measurement, which lasts about half an hour,
 * `npm run bench -- step tiny --shots 5` one of them; `npm run bench -- --help` lists all.
 */
import { Argument, Command, InvalidArgumentError } from 'commander';
import { appendFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { measureCheckpoint } from './checkpoint.ts';
import { sizes, type Size } from './classifier.ts';
import { measureEpoch } from './epoch.ts';
import { measureFrozen } from './frozen.ts';
import { measureLaunches } from './launches.ts';
import { machineLines } from './machine.ts';
import type { Measurement, Setting } from './measurement.ts';
import { measureMemory } from './memory.ts';
import { findPython, versionsOf } from './python.ts';
import { measurePredict } from './predict.ts';
import { measureRace } from './race.ts';
import { measureReading } from './reading.ts';
import { measureServing, measureServingMemory } from './serve.ts';
import { measureStep, ways } from './step.ts';
import { measureTokenizers } from './tokenizers.ts';
import { findTweets, type Tweets } from './tweets.ts';

interface Options {
  readonly threads: number;
  readonly log: boolean;
  readonly shots: number;
  readonly compile: boolean;
  readonly data: string;
  readonly model: string;
  readonly every: number;
  readonly batches: number;
  readonly seeds: number;
  readonly requests: number;
  readonly turns: number;
  readonly servingPython?: string;
  readonly texts: number;
  readonly rounds: number;
  readonly onnx?: string;
  readonly python?: string;
}

/** Begins a measurement; or says in a sentence why it is left out. */
type Begin = (setting: Setting, options: Options) => Measurement | string;

const step =
  (chosen: readonly Size[]): Begin =>
  (setting, { shots, compile }) =>
    measureStep(setting, { sizes: chosen, shots, ways: ways.filter((way) => compile || way !== 'compiled') });
const memory =
  (chosen: readonly Size[]): Begin =>
  (setting) =>
    measureMemory(setting, { sizes: chosen });
const checkpoint =
  (chosen: readonly Size[]): Begin =>
  (setting) =>
    measureCheckpoint(setting, { sizes: chosen });
const launches =
  (chosen: readonly Size[]): Begin =>
  () =>
    measureLaunches({ sizes: chosen, lengths: [32, 64, 128] });
const epoch: Begin = (setting, options) => onTweets('epoch', options, (tweets) => measureEpoch(setting, { tweets, every: options.every }));
const frozen: Begin = (setting, options) =>
  onTweets('frozen', options, (tweets) => measureFrozen(setting, { tweets, batches: options.batches }));

const race: Begin = (setting, options) => onTweets('race', options, (tweets) => measureRace(setting, { tweets, seeds: options.seeds }));

const serve: Begin = (setting, { requests, turns, servingPython, ...options }) =>
  onTweets('serve', options, (tweets) => measureServing(setting, { tweets, requests, turns, servingPython }));
const servingMemory: Begin = (setting, { requests, ...options }) =>
  onTweets('serve-memory', options, (tweets) => measureServingMemory(setting, { tweets, requests: 100 * requests }));
const predict: Begin = ({ threads }, { python, texts, rounds, onnx, ...options }) =>
  onTweets('predict', options, (tweets) => measurePredict({ threads, python }, { tweets, texts, rounds, onnx }));

const tokenizers =
  (folders: readonly string[]): Begin =>
  (setting, options) =>
    onTweets('tokenizers', options, (tweets) =>
      measureTokenizers(setting, { tweets, folders: folders.length > 0 ? folders : [tweets.model] }),
    );

function onTweets(name: string, { data, model }: Pick<Options, 'data' | 'model'>, measure: (tweets: Tweets) => Measurement): Measurement | string {
  const tweets = findTweets(data, model);
  return typeof tweets === 'string' ? `${name} is left out. ${tweets}` : measure(tweets);
}

function commandLine(): Command {
  const program = new Command('npm run bench --')
    .description('Measures ortrain beside PyTorch and appends to bench/LOG.md.')
    .option('--threads <n>', 'threads of both sides', whole, availableParallelism())
    .option('--no-log', 'leave bench/LOG.md alone')
    .option('--shots <n>', 'step: turns of each side', whole, 8)
    .option('--no-compile', 'step: without torch.compile')
    .option('--data <dir>', 'epoch, frozen, predict, race: folder of the competition’s tables', 'data/nlp-getting-started')
    .option('--model <dir>', 'epoch, frozen, predict, race: directory of the encoder', 'data/all-MiniLM-L6-v2')
    .option('--every <n>', 'epoch: one batch of so many; 1 for the whole epoch', whole, 8)
    .option('--batches <n>', 'frozen: batches that stand for all of the notebook’s', whole, 12)
    .option('--seeds <n>', 'race: races, each with another seed', whole, 3)
    .option('--requests <n>', 'serve: requests to each server in a turn; serve-memory: a hundred times as many', whole, 1000)
    .option('--turns <n>', 'serve: turns of each server', whole, 5)
    .option('--serving-python <path>', 'serve: an interpreter with torch, transformers, fastapi, uvicorn, onnxruntime and onnx');
  const all = Object.keys(sizes) as Size[];
  const chosen = (): Argument => new Argument('[size...]', 'models').choices(all).default(all);
  const take = (...begins: readonly Begin[]): Promise<void> => takeAll(begins, program.opts<Options>());
  program
    .command('all', { isDefault: true })
    .description('everything')
    .action(() => take(step(all), epoch, frozen, memory(all), checkpoint(all), (setting) => measureReading(setting)));
  program
    .command('step')
    .description('one training step')
    .addArgument(chosen())
    .action((given: readonly Size[]) => take(step(given)));
  program
    .command('epoch')
    .description('an epoch of the tweets')
    .action(() => take(epoch));
  program
    .command('frozen')
    .description('five folds of ten epochs on a frozen encoder')
    .action(() => take(frozen));
  program
    .command('race')
    .description('seconds to a validation accuracy, beside transformers’ Trainer')
    .action(() => take(race));
  program
    .command('serve')
    .description('requests per second and latencies, beside servers in JavaScript and Python')
    .action(() => take(serve));
  program
    .command('serve-memory')
    .description('memory of the server over many requests')
    .action(() => take(servingMemory));
  program
    .command('predict')
    .description('classifying tweets, beside onnxruntime in Python')
    .option('--texts <n>', 'texts', whole, 10_000)
    .option('--rounds <n>', 'turns of each side', whole, 3)
    .option('--onnx <file>', 'what Python computes: an export of the same encoder; our own where it is left out')
    .option('--python <path>', 'an interpreter with onnxruntime, tokenizers and numpy; ortrain is measured alone where it is left out')
    .action((given: Options) => takeWith(undefined, [predict], { ...program.opts<Options>(), ...given }));
  program
    .command('memory')
    .description('peak memory')
    .addArgument(chosen())
    .action((given: readonly Size[]) => take(memory(given)));
  program
    .command('tokenizers')
    .description('tokenizers of model directories, beside Python’s')
    .argument('[dir...]', 'model directories; that of --model where there is none')
    .action((folders: readonly string[]) => take(tokenizers(folders)));
  program
    .command('launches')
    .description('nodes, kernels and bytes of a step on CUDA, and what they take on paper')
    .addArgument(chosen())
    .action((given: readonly Size[]) => take(launches(given)));
  program
    .command('checkpoint')
    .description('cost of a checkpoint')
    .addArgument(chosen())
    .action((given: readonly Size[]) => take(checkpoint(given)));
  program
    .command('reading')
    .description('time and memory of reading each form of checkpoint')
    .action(() => take((setting) => measureReading(setting)));
  return program;
}

function takeAll(begins: readonly Begin[], options: Options): Promise<void> {
  return takeWith(findPython(), begins, options);
}

async function takeWith(python: string | undefined, begins: readonly Begin[], options: Options): Promise<void> {
  const { threads, log } = options;
  const machine = machineLines(threads, python === undefined ? undefined : await versionsOf(python));
  console.log(machine);
  for (const begin of begins) {
    const measurement = begin({ threads, python }, options);
    if (typeof measurement === 'string') console.error(measurement);
    else await record(measurement, machine, log);
  }
}

/** Prints a measurement while it is taken, and appends it to the log when it is complete. */
async function record({ title, columns, findings }: Measurement, machine: string, log: boolean): Promise<void> {
  const sentences: string[] = [];
  const table = [row(columns), row(columns.map(() => '---'))];
  console.log(`\n${title}\n\n${table.join('\n')}`);
  for await (const finding of findings) {
    if (typeof finding === 'string') sentences.push(finding);
    else {
      table.push(row(finding));
      console.log(table.at(-1));
    }
  }
  console.log(`\n${sentences.join('\n')}`);
  const entry = [`## ${new Date().toISOString().slice(0, 10)}: ${title}`, machine, '', ...table, '', ...sentences];
  if (log) appendFileSync(new URL('LOG.md', import.meta.url), `\n${entry.join('\n')}\n`);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function whole(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

await commandLine().parseAsync();
