import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeJsonAtomic } from '../../core/files.ts';
import { readJsonObject } from '../../core/inputs.ts';
import { FAMILIES } from './families.ts';
import { TOKENIZER_FORMS } from './files.ts';
import { reconciled } from './definition/reconciled.ts';
import { asDefinition } from './sentencepiece/as-definition.ts';
import { readTokenizerSource } from './source.ts';

/**
 * Puts a tokenizer's files into a folder so that every program that reads some of them makes the same tokens as training: files
 * that contradict each other, or leave to a program's own defaults what the other says, are written in line with each other, the others
 * are copied. A vocabulary or a SentencePiece model alone gets a tokenizer.json besides. `files`: paths by file name. `settings` go into
 * tokenizer_config.json.
 */
export function writeTokenizerFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>> = {},
): void {
  for (const [name, path] of Object.entries(files)) if (name !== 'config.json') copyFileSync(path, join(folder, basename(path)));
  if (!TOKENIZER_FORMS.some((names) => names.every((name) => files[name] !== undefined))) return;
  const source = readTokenizerSource(files);
  const config = files['tokenizer_config.json'];
  const before = source.kind === 'definition' ? source.description.settings : config === undefined ? {} : readJsonObject(config);
  // Programs that read no SentencePiece model get something near to it.
  const near = source.kind === 'sentencepiece' && source.beside === undefined ? asDefinition(source.description) : undefined;
  if (near !== undefined) writeJsonAtomic(join(folder, 'tokenizer.json'), near);
  let [own, known]: [Readonly<Record<string, unknown>>, boolean] = [before, false];
  if (source.kind === 'definition') {
    const after = reconciled(source.description);
    if (source.isMade || after.definition !== source.description.definition)
      writeJsonAtomic(join(folder, 'tokenizer.json'), after.definition);
    own = after.settings;
    known = Object.keys(own).length > Object.keys(before).length;
  }
  // Padding before a text moves its positions; texts were padded behind in training.
  const padding = own['padding_side'] === 'left' ? { padding_side: 'right' } : {};
  if (!known && Object.keys({ ...settings, ...padding }).length === 0) return;
  const name = source.kind === 'sentencepiece' ? FAMILIES[source.description.family].class : 'PreTrainedTokenizerFast';
  const named = config === undefined && !known ? { tokenizer_class: name } : {};
  writeJsonAtomic(join(folder, 'tokenizer_config.json'), { ...named, ...own, ...padding, ...settings });
}
