import { execFile, spawn } from 'node:child_process';
import { parse } from 'csv-parse/sync';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bertConfig } from '../../../bench/classifier.ts';
import { largestDifference } from './equality.ts';
import { gpuMemoryMb } from './gpu.ts';
import { isRehearsal } from './open.ts';
import { rounded, type Figures } from './report.ts';

/** Where the product and what it is tried on lie. */
export interface Places {
  /** The command's file, run by the Node that runs this. */
  readonly pipeline: string;
  /** The unpacked package's own files: configs/. */
  readonly home: string;
  /** tweets/, minilm/, tokenizer/, as far as they were packed. */
  readonly data: string;
  /** For artifacts and configurations of this check. */
  readonly work: string;
}

type Run = Readonly<Record<string, unknown>>;

const gpu = isRehearsal ? 'cpu' : 'cuda';

/** A rehearsal has no other device: it shows that the part works, not that devices agree. */
const compared: Figures = isRehearsal ? { rehearsal: 'compares the CPU with itself' } : {};

/** The README's first run, on the GPU and on the CPU. */
export async function quickstart(places: Places): Promise<Figures> {
  const [onGpu, onCpu] = [await trained(places, 'quickstart', gpu), await trained(places, 'quickstart', 'cpu')];
  return { ...compared, [gpu]: onGpu, cpu: onCpu, ok: Math.abs(score(onGpu) - score(onCpu)) < 0.02 };
}

/** New texts by the quickstart's models, on the GPU and on the CPU; after `quickstart`. */
export async function predictions(places: Places): Promise<Figures> {
  const { home, pipeline, work } = places;
  const file = join(home, 'configs/quickstart/test.csv');
  const [onGpu, onCpu] = await Promise.all(
    [gpu, 'cpu'].map(async (device) => {
      const began = performance.now();
      const run = ['predict', '--run', 'quickstart', '--input', file, '--artifacts', join(work, 'artifacts-cpu')];
      const rows = parse<Run>(await command([pipeline, ...run, '--device', device, '--quiet'], home), { columns: true });
      const numbers = rows.flatMap((row) => Object.entries(row).flatMap(([name, x]) => (name.startsWith('probability') ? [Number(x)] : [])));
      return { seconds: rounded((performance.now() - began) / 1000), numbers };
    }),
  );
  const apart = largestDifference(onGpu!.numbers, onCpu!.numbers);
  return { ...compared, apart: rounded(apart), texts: onGpu!.numbers.length, seconds: [onGpu!.seconds, onCpu!.seconds], ok: onGpu!.numbers.length > 0 && apart < 1e-3 };
}

/** One epoch of each of five folds of the tweets. */
export async function tweets(places: Places, model: 'minilm' | 'base', settings: readonly string[] = []): Promise<Figures> {
  const { data, work } = places;
  if (!existsSync(join(data, 'tweets/train.csv'))) return { skipped: 'the tweets were not packed' };
  const base = model === 'minilm' ? join(data, 'minilm') : randomBase(places);
  if (!existsSync(base)) return { skipped: `${model}'s files were not packed` };
  const name = ['tweets', model, ...settings].join('-').replaceAll(/[^\w-]+/g, '-');
  const config = join(work, `${name}.yaml`);
  const experiment = {
    name,
    data: { train: join(data, 'tweets/train.csv'), id: 'id', text: 'text', target: 'target' },
    model: { base, weights: model === 'minilm' ? 'pretrained' : 'random', max_seq_length: 128, head: { dense: [], dropout: 0.1 } },
    split: { strategy: 'stratified-kfold', folds: 5 },
    training: { epochs: 1, batch_size: 32, optimizer: { name: 'adamw', lr: 0.00005, weight_decay: 0.01 } },
  };
  writeFileSync(config, JSON.stringify(experiment)); // JSON is YAML
  return trained(places, config, gpu, settings);
}

/** A BERT-base without weights: its configuration and a tokenizer. */
function randomBase({ data, work }: Places): string {
  const folder = join(work, 'bert-base');
  if (!existsSync(join(data, 'tokenizer'))) return folder;
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(join(data, 'tokenizer'))) cpSync(join(data, 'tokenizer', file), join(folder, file));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...bertConfig('base'), architectures: ['BertModel'] }));
  return folder;
}

/** A run killed in the middle and begun again has the figures of one that was not. */
export async function resumed(places: Places): Promise<Figures> {
  const settings = ['--set', 'training.epochs=12', '--set', 'resources.checkpoint_seconds=1', '--set', 'name=resumed'];
  const artifacts = join(places.work, 'killed');
  const child = spawn(
    process.execPath,
    [places.pipeline, 'run', 'configs/quickstart.yaml', '--device', gpu, '--artifacts', artifacts, ...settings],
    { cwd: places.home, stdio: 'ignore', detached: true },
  );
  const saved = await until(
    () =>
      existsSync(artifacts) &&
      readdirSync(artifacts, { recursive: true, encoding: 'utf8' }).some((path) => /partial.*state\.json$/.test(path)),
    60_000,
  );
  process.kill(-child.pid!, 'SIGKILL');
  await new Promise((resolve) => void setTimeout(resolve, 1000));
  const [again, whole] = [
    await trained({ ...places, work: join(places.work, 'again') }, 'quickstart', gpu, settings, artifacts),
    await trained(places, 'quickstart', gpu, settings),
  ];
  return {
    ...compared,
    killed_after_checkpoint: saved,
    resumed: again,
    uninterrupted: whole,
    ok: saved && Math.abs(score(again) - score(whole)) < 0.02,
  };
}

async function until(holds: () => boolean, patience: number): Promise<boolean> {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    if (holds()) return true;
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  return false;
}

async function trained(
  { pipeline, home, work }: Places,
  config: string,
  device: string,
  settings: readonly string[] = [],
  artifacts = join(work, `artifacts-${device}`),
): Promise<Run> {
  const path = config === 'quickstart' ? 'configs/quickstart.yaml' : config;
  const began = performance.now();
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, gpuMemoryMb() ?? 0)), 3000);
  try {
    await command([pipeline, 'run', path, '--device', device, '--artifacts', artifacts, '--quiet', ...settings], home);
  } finally {
    clearInterval(watch);
  }
  const seconds = (performance.now() - began) / 1000;
  const runs = join(artifacts, 'runs');
  const named =
    settings.find((setting) => setting.startsWith('name='))?.slice(5) ??
    (config === 'quickstart' ? config : (JSON.parse(readFileSync(config, 'utf8')) as { readonly name: string }).name);
  const folder = join(runs, named);
  return { seconds: rounded(seconds), peak_gpu_mb: peak, ...metricsIn(folder), ...timesIn(folder) };
}

/** Of metrics.json, the scores out of fold. */
function metricsIn(folder: string): Run {
  const { oof } = JSON.parse(readFileSync(join(folder, 'metrics.json'), 'utf8')) as { readonly oof: Run };
  return { f1_macro: oof['oof/f1_macro'], accuracy: oof['oof/accuracy'], loss: oof['oof/loss'] };
}

/** Seconds by stage, all folds together, and of each fold's training, from the journal. */
function timesIn(folder: string): Run {
  const stages: Record<string, number> = {};
  const folds: number[] = [];
  for (const line of readFileSync(join(folder, 'journal.jsonl'), 'utf8').trim().split('\n')) {
    const { type, stage, seconds } = JSON.parse(line) as { readonly type: string; readonly stage?: string; readonly seconds: number };
    if (type === 'task-finished' && stage !== undefined) stages[stage] = rounded((stages[stage] ?? 0) + seconds);
    if (type === 'task-finished' && stage === 'train') folds.push(rounded(seconds));
  }
  return { stages, folds };
}

const score = (run: Run): number => Number(run['f1_macro']);

/** Answers with what the command writes to stdout. */
function command(args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${error.message.slice(0, 300)}\n${(stdout + stderr).slice(-1500)}`)),
    );
  });
}
