import { templateParts } from '../core/text-template.ts';
import type { Conflict } from './conflict.ts';
import type { Experiment } from './experiment.ts';
import { tablesOf } from './tables.ts';

/** Templates that cannot be read, and segments that do not fit together. */
export function textConflicts({ data, model }: Experiment): readonly Conflict[] {
  const keys = textKeys(data);
  const wrong = keys.flatMap(({ path, text }) => [...templateProblems(path, text), ...countProblems(path, [text].flat())]);
  return wrong.length > 0 ? wrong : [...differingCounts(data), ...truncationConflicts(data, model)];
}

/** Whether a segment is a column, or is made of it among others. */
export function useOf(column: string, segment: string): 'whole' | 'part' | 'none' {
  const parts = templateParts(segment);
  if ('problem' in parts || !parts.some((part) => typeof part !== 'string' && part.column === column)) return 'none';
  return parts.length === 1 ? 'whole' : 'part';
}

type Text = string | readonly string[];
type Key = readonly (string | number)[];

/** Every place where a text is written. */
function textKeys(data: Experiment['data']): readonly { readonly path: Key; readonly text: Text }[] {
  const own = (['train', 'validation', 'test'] as const).flatMap((table) => {
    const value = data[table];
    return typeof value === 'object' && value?.text !== undefined ? [{ path: ['data', table, 'text'], text: value.text }] : [];
  });
  return [{ path: ['data', 'text'], text: data.text }, ...own];
}

function templateProblems(path: Key, text: Text): readonly Conflict[] {
  return [text].flat().flatMap((segment, i) => {
    const parts = templateParts(segment);
    return 'problem' in parts
      ? [{ path: typeof text === 'string' ? path : [...path, i], message: `${path.join('.')} is no template: ${parts.problem}` }]
      : [];
  });
}

function countProblems(path: Key, segments: readonly string[]): readonly Conflict[] {
  const name = path.join('.');
  if (segments.length > 2) {
    const example = segments.slice(0, 2).map((segment) => (/[{}]/.test(segment) ? segment : `{${segment}}`)).join(' ');
    const message =
      `${name} has ${segments.length} segments, and a model reads one text or two: put columns together in a template, as ` +
      JSON.stringify(example);
    return [{ path, message }];
  }
  if (segments.length < 2 || segments[0] !== segments[1]) return [];
  return [{ path: [...path, 1], message: `both texts of a pair are ${JSON.stringify(segments[0])} in ${name}` }];
}

/** What is trained on pairs is validated on pairs and asked for pairs. */
function differingCounts(data: Experiment['data']): readonly Conflict[] {
  const sources = tablesOf(data);
  const words = (text: Text): string => (typeof text === 'string' ? 'single texts' : 'pairs of texts');
  return (['validation', 'test'] as const).flatMap((table) => {
    const source = sources[table];
    if (source === null || words(source.text) === words(sources.train.text)) return [];
    const own = data[table];
    const key = typeof own === 'object' && own?.text !== undefined ? table : 'train';
    const message = `data.${table} has ${words(source.text)}, and the training table has ${words(sources.train.text)}`;
    return [{ path: ['data', key, 'text'], message }];
  });
}

function truncationConflicts(data: Experiment['data'], { truncation }: Experiment['model']): readonly Conflict[] {
  if (truncation === 'longest_first' || typeof tablesOf(data).train.text !== 'string') return [];
  const message = `model.truncation ${truncation} is for pairs of texts, and data.text makes single ones`;
  return [{ path: ['model', 'truncation'], message, suggestion: 'truncation: longest_first' }];
}
