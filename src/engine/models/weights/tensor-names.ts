import { OrtrainError } from '../../../core/errors.ts';
import { shortened } from '../../../core/text.ts';
import type { TensorNames } from '../encoder.ts';
import { isFloats, readFloats, type Safetensors } from '../formats/safetensors.ts';

/** Where a checkpoint holds the tensors of an encoder. */
export interface EncoderNames {
  /** Names as the program has them → names as the file has them. */
  readonly inFile: ReadonlyMap<string, string>;
  /** Weights of the file that stand among the encoder's and that the program has no place for, under the file's names. */
  readonly unknown: readonly string[];
  /** Its other weights: heads of other tasks, and other models. */
  readonly others: readonly string[];
  /** Where the file holds what stands beside the encoder in a model with a head: `classifier.weight` behind the same wrappers. */
  beside(name: string): string | undefined;
}

/**
 * Finds an encoder's tensors in a checkpoint, whatever stands before their names: nothing, the architecture's own prefix, or what wrappers
 * add, such as `module.`, `_orig_mod.`, `model.` or the name that a larger model has for it. What stands before most of the names that the
 * program knows is the prefix. Names are those of today, or `gamma` and `beta` of the first releases.
 *
 * Throws OrtrainError `data` where the file holds several encoders and none of them under the architecture's own name.
 *
 * @param names of the encoder's parameters, with the architecture's own prefix
 */
export function encoderNames(file: Safetensors, { prefix, ignored, renames }: TensorNames, names: readonly string[]): EncoderNames {
  const wanted = new Set(names.map((name) => name.slice(prefix.length)));
  const patterns = [...RENAMES, ...renames];
  const own = plainNames(file, patterns);
  const found = foundPrefix(file, prefix, countByPrefix([...own.keys()], wanted));
  const weights = [...own].filter(([, inFile]) => isWeight(file, inFile));
  if (found === undefined) return { inFile: new Map(), unknown: [], others: weights.map(([, inFile]) => inFile), beside: () => undefined };
  const partOf = (name: string): string => name.slice(0, name.indexOf('.') + 1);
  const parts = new Set([...wanted].map(partOf));
  const isIgnored = (name: string): boolean => ignored.includes(prefix + name);
  const isUnknown = (name: string): boolean => !wanted.has(name) && !isIgnored(name) && parts.has(partOf(name));
  const below = [...own].filter(([name]) => name.startsWith(found)).map(([name, inFile]) => [name.slice(found.length), inFile] as const);
  const inFile = new Map(below.filter(([name]) => wanted.has(name)).map(([name, theirs]) => [prefix + name, theirs]));
  const unknown = below.filter(([name, theirs]) => isUnknown(name) && isWeight(file, theirs)).map(([, theirs]) => theirs);
  const ofEncoder = new Set([...inFile.values(), ...unknown, ...below.filter(([name]) => isIgnored(name)).map(([, theirs]) => theirs)]);
  const wrappers = found.endsWith(prefix) ? found.slice(0, found.length - prefix.length) : found;
  return {
    inFile,
    unknown,
    others: weights.map(([, theirs]) => theirs).filter((name) => !ofEncoder.has(name)),
    beside: (name) => own.get(wrappers + plain(name, patterns)),
  };
}

/** What compilers and wrappers of single layers leave within names; what the first releases called the parameters of a normalization. */
const RENAMES: TensorNames['renames'] = [
  [/(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g, ''],
  [/\.gamma$/, '.weight'],
  [/\.beta$/, '.bias'],
];

function plain(name: string, renames: TensorNames['renames']): string {
  return renames.reduce((renamed, [found, replacement]) => renamed.replace(found, replacement), name);
}

/**
 * Plain names → names in the file. Of a tensor that is there under an old name and a new one, with other numbers, nobody knows which
 * counts.
 */
function plainNames(file: Safetensors, renames: TensorNames['renames']): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const name of file.entries.keys()) {
    const today = plain(name, renames);
    const other = names.get(today);
    if (other !== undefined && !isSame(file, other, name))
      throw new OrtrainError('data', `${file.name} holds one tensor twice, as ${shortened(other)} and as ${shortened(name)}`, {
        subject: file.name,
        remedy: 'Save the model again, with save_pretrained().',
      });
    names.set(today, name);
  }
  return names;
}

/** Whether two names stand for the same numbers: for one tensor, or for copies of one. */
function isSame(file: Safetensors, a: string, b: string): boolean {
  const [one, other] = [file.entries.get(a), file.entries.get(b)];
  if (one === undefined || other === undefined || !isFloats(one) || !isFloats(other)) return false;
  if (one.shape.join() !== other.shape.join()) return false;
  const values = readFloats(file, b);
  return readFloats(file, a).every((x, i) => Object.is(x, values[i]));
}

/** Old checkpoints hold constants as whole numbers, such as position_ids. */
function isWeight(file: Safetensors, name: string): boolean {
  const entry = file.entries.get(name);
  return entry !== undefined && isFloats(entry);
}

/** How many of the wanted names stand behind each prefix. */
function countByPrefix(names: readonly string[], wanted: ReadonlySet<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    for (let start = 0; start !== -1; start = nextPart(name, start)) {
      if (!wanted.has(name.slice(start))) continue;
      const prefix = name.slice(0, start);
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
      break;
    }
  }
  return counts;
}

function nextPart(name: string, start: number): number {
  const dot = name.indexOf('.', start);
  return dot === -1 ? -1 : dot + 1;
}

function foundPrefix(file: Safetensors, own: string, counts: ReadonlyMap<string, number>): string | undefined {
  const most = Math.max(0, ...counts.values());
  const best = [...counts].filter(([, count]) => count === most).map(([prefix]) => prefix);
  const preferred = [own, ''].find((prefix) => best.includes(prefix));
  if (best.length <= 1 || preferred !== undefined) return preferred ?? best[0];
  const [one = '', other = ''] = best;
  throw new OrtrainError('data', `${file.name} holds ${best.length} encoders`, {
    subject: file.name,
    problems: [{ file: file.name, message: `the names of one begin with ${shortened(one)}, those of another with ${shortened(other)}` }],
    remedy: 'Save the one that you mean by itself, with save_pretrained().',
  });
}
