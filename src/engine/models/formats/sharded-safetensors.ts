import { OrtrainError, type Problem } from '../../../core/errors.ts';
import { briefly, isObject } from '../../../core/shapes.ts';
import { shortened } from '../../../core/text.ts';
import type { Safetensors } from './safetensors.ts';
import type { TensorEntry } from './safetensors-header.ts';

/** The file that says which of several holds a tensor: Hugging Face's name for it, with which its tools open the whole. */
export const INDEX_FILE = 'model.safetensors.index.json';

/** `weight_map` of an index: tensors to the names of the files that hold them. */
export type WeightMap = Readonly<Record<string, string>>;

/**
 * The `weight_map` of an index file's JSON. Throws OrtrainError `data` where it is none, or names a file in another folder.
 *
 * @param ending of its files' names
 */
export function parseWeightMap(name: string, index: Readonly<Record<string, unknown>>, ending = '.safetensors'): WeightMap {
  const map = index['weight_map'];
  if (!isObject(map) || Object.keys(map).length === 0)
    throw unsound(name, [
      { file: name, message: `weight_map is ${isObject(map) ? 'empty' : briefly(map)}, not an object of tensors and their files` },
    ]);
  const wrong = Object.entries(map).find(([, file]) => typeof file !== 'string' || !isBeside(file, ending));
  if (wrong !== undefined)
    throw unsound(name, [
      { file: name, message: `weight_map names ${briefly(wrong[1])} for ${shortened(wrong[0])}, not a ${ending} file beside the index` },
    ]);
  return map as WeightMap;
}

/** Whether a name is that of a file in the same folder, whatever the system's rules for paths are. */
function isBeside(file: string, ending: string): boolean {
  return file.endsWith(ending) && file.length > ending.length && !/[/\\:\0]/.test(file);
}

/** Several files as one checkpoint. Throws OrtrainError `data` where they do not hold what the index says, or two hold the same tensor. */
export function joinShards(name: string, map: WeightMap, shards: ReadonlyMap<string, Safetensors>): Safetensors {
  const entries = new Map<string, TensorEntry>();
  const problems: Problem[] = [];
  for (const [file, shard] of shards) {
    for (const [tensor, entry] of shard.entries) {
      if (entries.has(tensor))
        problems.push({ file: shard.name, message: `${shortened(tensor)} is also in ${entries.get(tensor)?.source.name ?? file}` });
      else entries.set(tensor, entry);
    }
  }
  const absent = Object.entries(map).filter(([tensor, file]) => shards.get(file)?.entries.has(tensor) !== true);
  const [first] = absent;
  if (first !== undefined)
    problems.push({
      file: name,
      message: `${first[0]} is not in ${first[1]}${othersAbsent(absent.length - 1)}`,
    });
  if (problems.length > 0) throw unsound(name, problems);
  return { name, metadata: {}, entries, notices: [...shards.values()].flatMap(({ notices = [] }) => notices) };
}

function unsound(name: string, problems: readonly Problem[]): OrtrainError {
  return new OrtrainError('data', `${name} does not fit its files`, {
    subject: name,
    problems,
    remedy: 'Fetch or save the model again, all of its files together.',
  });
}

function othersAbsent(count: number): string {
  if (count === 0) return '';
  return `, nor ${count === 1 ? 'is 1 more tensor' : `are ${count} more tensors`} where the index has them`;
}
