import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isThere } from '../../core/files.ts';
import { readJsonObject } from '../../core/inputs.ts';
import { INDEX_FILE, parseWeightMap, type WeightMap } from '../../engine/models/index.ts';

/** Where a model's weights are, unless another form of them is there. */
export const WEIGHTS = 'model.safetensors';

/** A way in which a model's weights lie in a folder: in one file, or in several that an index names. */
interface WeightForm {
  readonly name: string;
  readonly isIndex: boolean;
  /** What the names of files with tensors end in. */
  readonly ending: string;
}

/** Under Hugging Face's names, the safest first: files of PyTorch are descriptions in a language that could ask for more than weights. */
export const WEIGHT_FORMS: readonly WeightForm[] = [
  { name: WEIGHTS, isIndex: false, ending: '.safetensors' },
  { name: INDEX_FILE, isIndex: true, ending: '.safetensors' },
  { name: 'pytorch_model.bin', isIndex: false, ending: '.bin' },
  { name: 'pytorch_model.bin.index.json', isIndex: true, ending: '.bin' },
];

/** Whether a file of a model's folder belongs to its weights, by its name. */
export function isWeightFile(file: string): boolean {
  return WEIGHT_FORMS.some(({ name, ending }) => file === name || file.endsWith(ending));
}

/** The files that hold a model's weights: those of the safest form that is complete, or, where none is, of the safest that is begun. */
export function weightFiles(folder: string): readonly string[] {
  const forms = formsIn(folder);
  const taken = forms.find(({ isComplete }) => isComplete) ?? forms[0];
  return taken?.files ?? [WEIGHTS];
}

/** `weight_map` of an index among the forms. */
export function readWeightMap(folder: string, index: string): WeightMap {
  const path = join(folder, index);
  return parseWeightMap(path, readJsonObject(path), WEIGHT_FORMS.find(({ name }) => name === index)?.ending ?? '');
}

/** A sentence about the form that is read, where that is not the safest, or not the only one. */
export function weightsNotice(folder: string): string | undefined {
  const forms = formsIn(folder);
  const taken = forms.find(({ isComplete }) => isComplete);
  if (taken === undefined || (forms.length === 1 && taken.ending === '.safetensors')) return undefined;
  const others = forms.filter((form) => form !== taken);
  const why = others.map(({ name, isComplete, files }) =>
    isComplete ? `${name} is not read` : `${name} lacks ${files.find((file) => !existsSync(join(folder, file)))}`,
  );
  return `the weights of ${folder} are read from ${taken.name}: ${why.length === 0 ? 'no other form of them is there' : why.join(', ')}`;
}

interface FoundForm extends WeightForm {
  readonly files: readonly string[];
  readonly isComplete: boolean;
}

/** The forms that a folder has. Of those behind the first complete one nothing is read, and so not told whether they are whole. */
function formsIn(folder: string): readonly FoundForm[] {
  const found: FoundForm[] = [];
  for (const form of WEIGHT_FORMS.filter(({ name }) => isThere(join(folder, name)))) {
    const isDecided = found.some(({ isComplete }) => isComplete);
    const shards = form.isIndex && !isDecided ? Object.values(readWeightMap(folder, form.name)) : [];
    const files = [form.name, ...new Set(shards.sort())];
    found.push({ ...form, files, isComplete: files.every((name) => existsSync(join(folder, name))) });
  }
  return found;
}
