import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contentHash } from '../../core/content.ts';
import { OrtrainError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { sha256 } from '../../core/hash.ts';
import { readInput } from '../../core/inputs.ts';
import { touchedAt } from '../../core/signs.ts';
import { count, list, nullable, object, optional, primitive, record, text, type ShapeOf } from '../../core/shapes.ts';
import { openTensorFile } from '../../data/hub/index.ts';
import { encodeSafetensors, readFloats, type Safetensors } from '../../engine/models/index.ts';
import type { LossScale } from '../../engine/optim/index.ts';
import type { Snapshot, Tensors, Trainer } from '../../engine/runtime/index.ts';
import type { EpochRecord } from '../../tracking/index.ts';
import type { RulesState } from './rules.ts';

/**
 * Where training stands between two steps. With the trainer's parameters and optimizer state it is all that the next step
 * depends on: batches follow from seed and epoch, dropout masks from seed and step.
 */
export interface FitState {
  /** The epoch under way, from 1; one more than there are when all are done. */
  readonly epoch: number;
  readonly pass: Pass;
  readonly rules: RulesState;
  readonly epochs: readonly EpochRecord[];
  readonly best: BestModel | null;
}

/** How far an epoch has come. */
export interface Pass {
  readonly batches: number;
  readonly rows: number;
  /** Each row's loss, added up. */
  readonly lossSum: number;
  /** Row-major [rows, outputs] in the order of the batches; there is room for all rows of the epoch. */
  readonly logits: Float32Array;
  /** The rate of the last step. */
  readonly lr: number;
  /** Time spent, over all processes that had a part in it. */
  readonly seconds: number;
}

export interface BestModel {
  readonly epoch: number;
  /** A copy. */
  readonly parameters: Snapshot;
  /** Its probabilities of the validation rows. */
  readonly validation: Float64Array;
}

/** The checkpoints of one fold. */
export interface Checkpoints {
  /** Whether it is time for another one. */
  isDue(): boolean;
  save(trainer: Trainer, state: FitState): Promise<void>;
  /**
   * Brings the trainer to where the last checkpoint was made; null where there is none. Throws OrtrainError `data` for one that is damaged.
   */
  restore(trainer: Trainer): Promise<FitState | null>;
  /** Forgets what was saved. */
  clear(): void;
}

/** Updates and epochs that the checkpoint in a folder has behind it; none where there is none, or a damaged one. */
export function checkpointProgress(folder: string): { readonly step: number; readonly epochs: readonly EpochRecord[] } {
  try {
    const { step, state: { epochs } } = parseSaved(rootOf(folder));
    return { step, epochs };
  } catch (error) {
    if (error instanceof OrtrainError) return { step: 0, epochs: [] };
    throw error;
  }
}

/** Writing may take one part in so many of the time: 2 %. */
export const TIME_BETWEEN_PER_COST = 50;

/**
 * Checkpoints in a folder: `state.json`, which names the tensor files that belong to it. These are complete on the disk
 * before it is replaced, and the ones that it no longer names are removed afterwards; so a crash at any moment leaves the
 * old checkpoint or the new one. The best model has a file of its own, because it changes once an epoch at most.
 *
 * @param everySeconds time between two checkpoints; 0 for one after every step
 * @param claim is there as long as no other process may write into the folder
 */
export function openCheckpoints(folder: string, everySeconds: number, claim?: string): Checkpoints {
  const root = rootOf(folder);
  let due = performance.now() + 1000 * everySeconds;
  let bestSaved: { readonly name: string; readonly sum: string } | undefined;
  return {
    isDue: () => performance.now() >= due,
    async save(trainer, { pass, best, ...rest }) {
      if (claim !== undefined && touchedAt(claim) === undefined)
        throw new OrtrainError('run', `another process has taken over the checkpoints in ${folder}`, { subject: folder });
      const began = performance.now();
      const { parameters, optimizer } = await trainer.look();
      const { step, slots, scaling } = optimizer;
      // A step that is skipped is no update, but changes what is saved.
      const skipped = scaling === undefined || scaling.skipped === 0 ? '' : `-${scaling.skipped}`;
      const names = { tensors: `step-${step}${skipped}.safetensors`, best: best === null ? null : `best-${best.epoch}.safetensors` };
      const { logits, ...counters } = pass;
      const sum = writeTensors(join(folder, names.tensors), {
        ...prefixed(PARAMETERS, parameters),
        ...Object.assign({}, ...Object.entries(slots).map(([slot, tensors]) => prefixed(slotPrefix(slot), tensors))),
        [LOGITS]: logits,
      });
      if (best !== null && names.best !== null && bestSaved?.name !== names.best)
        bestSaved = { name: names.best, sum: writeTensors(join(folder, names.best), best.parameters) };
      const saved: Saved = {
        format: FORMAT,
        ...names,
        sums: { tensors: sum, best: best === null ? null : (bestSaved?.sum ?? null) },
        step,
        slots: Object.keys(slots),
        ...(scaling === undefined ? {} : { scaling }),
        state: { ...rest, pass: counters, best: best === null ? null : { epoch: best.epoch, validation: [...best.validation] } },
      };
      writeFileAtomic(root, withSum(exactJson(saved)));
      keepOnly(folder, [ROOT, names.tensors, names.best]);
      const cost = performance.now() - began;
      due = performance.now() + (everySeconds === 0 ? 0 : Math.max(1000 * everySeconds, TIME_BETWEEN_PER_COST * cost));
    },
    async restore(trainer) {
      if (!existsSync(root)) return null;
      const { state, step, slots, scaling, tensors, best, sums } = parseSaved(root);
      for (const [name, sum] of [
        [tensors, sums.tensors],
        [best, sums.best],
      ] as const) {
        if (name !== null && (await contentHash(join(folder, name))) !== sum)
          throw damaged(join(folder, name), 'it was changed after it was written');
      }
      if (best !== null && sums.best !== null) bestSaved = { name: best, sum: sums.best };
      const file = openTensorFile(join(folder, tensors));
      const restored: FitState = {
        ...state,
        pass: { ...state.pass, logits: readFloats(file, LOGITS) },
        best: state.best === null ? null : restoredBest(root, state.best, best),
      };
      const [parameters, moments] = [
        tensorsOf(file, PARAMETERS),
        Object.fromEntries(slots.map((slot) => [slot, tensorsOf(file, slotPrefix(slot))])),
      ];
      try {
        await trainer.restore(parameters);
        await trainer.restoreOptimizerState({ step, slots: moments, ...(scaling === undefined ? {} : { scaling }) });
      } catch (error) {
        if (!(error instanceof OrtrainError)) throw error;
        throw new OrtrainError('data', `the checkpoint ${root} does not belong to this model`, {
          subject: root,
          problems: error.problems,
          remedy: REMEDY,
          cause: error,
        });
      }
      return restored;
    },
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const ROOT = 'state.json';
const rootOf = (folder: string): string => join(folder, ROOT);

/** `state.json`. */
interface Saved {
  readonly format: typeof FORMAT;
  /** Files beside it. */
  readonly tensors: string;
  readonly best: string | null;
  /** SHA-256 of these. */
  readonly sums: { readonly tensors: string; readonly best: string | null };
  /** Updates made so far. */
  readonly step: number;
  /** The optimizer's slots, by name. */
  readonly slots: readonly string[];
  /** Where the loss is scaled. */
  readonly scaling?: LossScale;
  readonly state: Omit<FitState, 'pass' | 'best'> & {
    readonly pass: Omit<Pass, 'logits'>;
    readonly best: { readonly epoch: number; readonly validation: readonly number[] } | null;
  };
}

const REMEDY = 'Remove the folder that holds it; the fold is then trained from its beginning.';

/** Any number, also those that JSON does not have. */
const exact = primitive<number>('a number', (value) => typeof value === 'number');

/** A name in the checkpoint's own folder. */
const fileName = primitive<string>('the name of a file', (value) => typeof value === 'string' && /^[\w-]+\.safetensors$/.test(value));

const savedShape: ShapeOf<Saved> = object({
  format: primitive<typeof FORMAT>('a whole number', Number.isSafeInteger),
  tensors: fileName,
  best: nullable(fileName),
  sums: object({ tensors: text, best: nullable(text) }),
  step: count,
  slots: list(text),
  scaling: optional(object({ scale: exact, goodSteps: count, skipped: count, skippedInARow: count })),
  state: object({
    epoch: count,
    pass: object({ batches: count, rows: count, lossSum: exact, lr: exact, seconds: exact }),
    rules: object({
      lr: exact,
      best: nullable(object({ epoch: count, value: exact })),
      patience: nullable(object({ best: exact, badEpochs: count })),
      plateau: nullable(object({ lr: exact, best: nullable(exact), badMetrics: count, cooldownLeft: count })),
      resetsUsed: count,
      stopped: nullable(text),
    }),
    epochs: list(object({ epoch: count, lr: exact, seconds: exact, metrics: record(nullable(exact)) })),
    best: nullable(object({ epoch: count, validation: list(exact) })),
  }),
});

/** The validation rows of the largest run take less. */
const MOST_BYTES = 2 ** 29 - 24;

/** Raised when a checkpoint that was written before could no longer be read. */
const FORMAT = 2;

const PARAMETERS = 'parameters/';
const LOGITS = 'pass/logits';
const slotPrefix = (slot: string): string => `slots/${slot}/`;

function prefixed(prefix: string, tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, data]) => [prefix + name, data]));
}

/** Answers with the SHA-256 of what was written. */
function writeTensors(path: string, tensors: Tensors): string {
  const pieces = encodeSafetensors(Object.entries(tensors).map(([name, data]) => ({ name, shape: [data.length], data })));
  writeFileAtomic(path, pieces);
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** `state.json` ends with a line that holds the SHA-256 of those before. */
function withSum(json: string): string {
  return `${json}\n${sha256(json)}\n`;
}

/** The tensors whose names begin with `prefix`, under the rest of their names. */
function tensorsOf(file: Safetensors, prefix: string): Tensors {
  const names = [...file.entries.keys()].filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), readFloats(file, name)]));
}

function keepOnly(folder: string, names: readonly (string | null)[]): void {
  for (const name of readdirSync(folder)) {
    if (!names.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function restoredBest(root: string, { epoch, validation }: NonNullable<Saved['state']['best']>, file: string | null): BestModel {
  if (file === null) throw damaged(root, `it names no file of the model of epoch ${epoch}`);
  return { epoch, parameters: tensorsOf(openTensorFile(join(dirname(root), file)), ''), validation: Float64Array.from(validation) };
}

function damaged(path: string, why: string, cause?: unknown): OrtrainError {
  return new OrtrainError('data', `the checkpoint ${path} is damaged: ${why}`, { subject: path, remedy: REMEDY, cause });
}

function parseSaved(path: string): Saved {
  const [content = '', sum] = readInput(path, MOST_BYTES).toString('utf8').split('\n');
  let saved: unknown;
  try {
    saved = JSON.parse(content, fromExact);
  } catch (error) {
    throw damaged(path, 'it is not JSON', error);
  }
  const wrong = savedShape(saved, '');
  const format = (saved as Partial<Saved> | null)?.format;
  if (typeof format === 'number' && format !== FORMAT)
    throw new OrtrainError('data', `the checkpoint ${path} was written by another version`, { subject: path, remedy: REMEDY });
  if (wrong !== undefined) throw damaged(path, wrong);
  if (sum !== sha256(content)) throw damaged(path, 'it was changed after it was written');
  return saved as Saved; // the shape says so
}

/** JSON that keeps the numbers which JSON does not have. */
function exactJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'number' && !Number.isFinite(member) ? { number: String(member) } : member,
  );
}

function fromExact(_key: string, member: unknown): unknown {
  const number = (member as { readonly number?: unknown } | null)?.number;
  return typeof number === 'string' ? Number(number) : member;
}
