import { templateParts } from '../core/text-template.ts';
import type { Experiment } from './experiment.ts';

/** Something wrong with a text, at its key. */
interface TextConflict {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly suggestion?: string;
}

/** Templates that cannot be read. */
export function textConflicts({ data }: Experiment): readonly TextConflict[] {
  return textKeys(data).flatMap(({ path, text }) => {
    const parts = templateParts(text);
    return 'problem' in parts ? [{ path, message: `${path.join('.')} is no template: ${parts.problem}` }] : [];
  });
}

/** Whether a text is a column, or is made of it among others. */
export function useOf(column: string, text: string): 'whole' | 'part' | 'none' {
  const parts = templateParts(text);
  if ('problem' in parts || !parts.some((part) => typeof part !== 'string' && part.column === column)) return 'none';
  return parts.length === 1 ? 'whole' : 'part';
}

/** Every place where a text is written. */
function textKeys(data: Experiment['data']): readonly { readonly path: readonly string[]; readonly text: string }[] {
  const own = (['train', 'test'] as const).flatMap((table) => {
    const value = data[table];
    return typeof value === 'object' && value?.text !== undefined ? [{ path: ['data', table, 'text'], text: value.text }] : [];
  });
  return [{ path: ['data', 'text'], text: data.text }, ...own];
}
