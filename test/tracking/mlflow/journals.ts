import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, toYaml, type Experiment } from '../../../src/config/index.ts';
import type { Command, RunEvent, StageEvent } from '../../../src/core/events.ts';
import type { FoldRecord } from '../../../src/core/measures.ts';
import { sha256 } from '../../../src/core/hash.ts';
import { thisProcess } from '../../../src/core/owner.ts';
import { smallQuickstart } from '../../helpers/quickstart.ts';

/** A process that has ended: the ids of Linux and macOS end far below. */
export const DEAD = 2 ** 30;

export interface Made {
  readonly folder: string;
  readonly experiment: Experiment;
  readonly lines: readonly string[];
}

export interface MadeOptions {
  readonly name?: string;
  readonly folds?: number;
  readonly epochs?: number;
  readonly steps?: number;
  /** `killed`: in the middle of the last fold. */
  readonly end?: 'finished' | 'failed' | 'interrupted' | 'killed';
  readonly pid?: number;
  readonly command?: Command;
  readonly f1?: number;
  readonly set?: readonly string[];
  /** At what the run takes of the machine, before the folds. */
  readonly looks?: number;
}

/** A run's folder as the runner would have left it, without the training. */
export async function madeRun(artifacts: string, options: MadeOptions = {}): Promise<Made> {
  const { name = 'made', folds = 2, epochs = 3, steps = 5, end = 'finished', pid = DEAD, command, f1 = 0.8, set = [], looks = 0 } = options;
  const { experiment } = await smallQuickstart('tracking.mlflow={experiment: tests}', `name=${name}`, ...set);
  const folder = join(artifacts, 'runs', name);
  const about = (fold: number) => ({ run: name, task: `train[${fold}]`, stage: 'train', fold });
  const environment = {
    versions: { ortrain: '0.1.0' },
    machine: { platform: 'linux', cpu: 'some', cores: 2, memoryBytes: 8e9 },
    ...{
      user: 'someone',
      device: 'cpu',
      threads: 1,
      git: { commit: 'a'.repeat(40), dirty: false },
      commandLine: ['pipeline', 'run', 'made.yaml'],
    },
    entries: {},
    data: { [pathOf(experiment.data.train)]: 'b'.repeat(64), [pathOf(experiment.data.test) ?? '']: 'c'.repeat(64) },
  };
  const train = (fold: number, event: StageEvent): RunEvent => ({ type: 'task-event', ...about(fold), event });
  const metrics = (epoch: number) => ({ 'train/loss': 0.7 / epoch, 'val/loss': 0.8 / epoch, 'val/f1_macro': f1 + epoch / 100 });
  const record: FoldRecord = {
    bestEpoch: epochs,
    epochs: Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1, lr: 1e-3, metrics: metrics(i + 1) })),
  };
  const trained = (fold: number, isLast: boolean): readonly RunEvent[] => [
    { type: 'task-started', ...about(fold) },
    ...Array.from({ length: epochs }, (_, i) => i + 1).flatMap((epoch) => [
      ...Array.from({ length: steps }, (_, i) =>
        train(fold, {
          type: 'step',
          epoch,
          epochs,
          step: (epoch - 1) * steps + i + 1,
          steps: epochs * steps,
          loss: 1 / (i + 1),
          lr: 1e-3,
          stepsPerSecond: 9,
        }),
      ),
      train(fold, { type: 'epoch', epoch, step: epoch * steps, lr: 1e-3, seconds: 1, metrics: metrics(epoch) }),
      train(fold, { type: 'decision', epoch, kind: 'best-model', message: 'best so far' }),
    ]),
    ...(isLast && end !== 'finished' ? [] : [{ type: 'task-finished', ...about(fold), seconds: 3, record } as const]),
  ];
  const ending: readonly RunEvent[] =
    end === 'finished'
      ? [
          recorded(name, 'metrics.json', METRICS),
          {
            type: 'run-finished',
            run: name,
            seconds: 9,
            summary: { 'oof/f1_macro': f1, 'oof/roc_auc': NaN, 'cv/f1_macro/mean': f1, 'cv/f1_macro/sd': 0.01 },
          },
        ]
      : end === 'killed'
        ? []
        : [{ type: 'run-failed', run: name, seconds: 9, error: 'it did not work', interrupted: end === 'interrupted' }];
  const events: readonly RunEvent[] = [
    {
      type: 'run-started',
      run: name,
      folder,
      tasks: [],
      owner: pid === process.pid ? thisProcess() : { ...thisProcess(), started: '', pid },
      experiment,
      environment,
      ...(command === undefined ? {} : { command }),
    },
    recorded(name, 'config.yaml', toYaml(experiment)),
    ...Array.from({ length: looks }, (_, i): RunEvent => ({
      type: 'system',
      run: name,
      cpuPercent: 150 + i,
      memoryBytes: 1e9,
      freeBytes: 2e9,
      gpus: [
        { percent: 37, usedBytes: 20e9, totalBytes: 80e9 },
        { percent: null, usedBytes: null, totalBytes: 1e9 },
      ],
    })),
    ...Array.from({ length: folds }, (_, fold) => trained(fold, fold === folds - 1)).flat(),
    ...ending,
  ];
  const lines = events.map((event, i) => JSON.stringify({ v: 1, t: 1_700_000_000_000 + i * 10, ...event }));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'journal.jsonl'), lines.map((line) => `${line}\n`).join(''));
  writeFileSync(join(folder, 'config.yaml'), toYaml(experiment));
  writeFileSync(join(folder, 'metrics.json'), METRICS);
  return { folder, experiment, lines };
}

const METRICS = '{"classes":["0","1"],"folds":[],"cv":{},"oof":{}}';

/** What a journal says of a file with this content. */
export const recorded = (run: string, path: string, content: string): Extract<RunEvent, { type: 'artifact' }> => ({
  type: 'artifact',
  run,
  path,
  bytes: Buffer.byteLength(content),
  sha256: sha256(content),
});

/** Rows that `madeRun` should leave on a fold: two a step, four an epoch, and what is best of epoch, loss and f1_macro. */
export const foldRows = (epochs: number, steps: number, isFinished = true): number => epochs * (2 * steps + 4) + (isFinished ? 3 : 0);
