import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeJsonAtomic } from '../../core/files.ts';
import { readDescription } from './definition.ts';
import { reconciled } from './reconciled.ts';

/**
 * Puts a tokenizer's files into a folder so that every program that reads one of them or both makes the same tokens as training: files
 * that contradict each other, or leave to a program's own defaults what the other says, are written in line with each other, the others
 * are copied. `files`: paths by file name. `settings` go into tokenizer_config.json besides.
 */
export function writeTokenizerFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>> = {},
): void {
  for (const path of Object.values(files)) copyFileSync(path, join(folder, basename(path)));
  if (files['tokenizer.json'] === undefined) return;
  const before = readDescription(files);
  const after = reconciled(before);
  if (after.definition !== before.definition) writeJsonAtomic(join(folder, 'tokenizer.json'), after.definition);
  const known = Object.keys(after.settings).length > Object.keys(before.settings).length;
  // Padding before a text moves its positions; texts were padded behind in training.
  const padding = after.settings['padding_side'] === 'left' ? { padding_side: 'right' } : {};
  if (!known && Object.keys({ ...settings, ...padding }).length === 0) return;
  const own = files['tokenizer_config.json'] === undefined && !known ? { tokenizer_class: 'PreTrainedTokenizerFast' } : {};
  writeJsonAtomic(join(folder, 'tokenizer_config.json'), { ...own, ...after.settings, ...padding, ...settings });
}
