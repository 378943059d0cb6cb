import { lookup, valueAt } from '../../core/values.ts';
import { canonical, columnOf, decimalOf, isNumeric, looksLikeRow, type Table } from '../tables/index.ts';
import { quoted } from '../problems.ts';

/** How the id column of a sample submission may be called. */
export interface SampleIds {
  /** Likeliest first. */
  readonly names: readonly string[];
  /** Whether it has to be the first of them. */
  readonly isNamed: boolean;
}

/**
 * The id column of a sample: the one that is named, else the first of the likely ones that it has, else the first column whose values
 * are the ids of the rows to predict. Failing all, what is missing: the likeliest, or the first column.
 */
export function sampleIdColumn(sample: Table, { names, isNamed }: SampleIds, ids: readonly string[]): string {
  const [likeliest] = names;
  if (isNamed && likeliest !== undefined) return likeliest;
  const known = names.find((name) => sample.columns.includes(name));
  if (known !== undefined) return known;
  const wanted = new Set(ids);
  const holdsIds = (column: number): boolean => sample.rows.every((row) => wanted.has(valueAt(row, column)));
  const place = sample.rows.length === ids.length ? sample.columns.findIndex((_, column) => holdsIds(column)) : -1;
  return sample.columns[place] ?? likeliest ?? valueAt(sample.columns, 0);
}

/** What to do where the predictions do not fit a sample. */
export function misfitRemedy(sample: Table, { ids }: { readonly ids: readonly string[] }, idColumn: string): string {
  const sampleIds = columnOf(sample, idColumn);
  if (sampleIds === undefined) {
    const isHeaderless = sample.headerless === false && looksLikeRow(sample.columns, sample.rows);
    return isHeaderless
      ? 'The sample seems to have no header: name its columns, as in data.sample_submission: { path, columns: [id, target] }.'
      : 'Name the id column of the sample, as in data.sample_submission: { path, id }.';
  }
  const pair = writtenInTwoWays(ids, sampleIds);
  if (pair === undefined) return 'Check that data.test, data.sample_submission and data.id belong together.';
  return `Ids are texts, so that ${quoted(pair[0])} and ${quoted(pair[1])} are two: write them in the sample as in data.test.`;
}

/** The first id of the rows to predict that the sample has in another form only, and that form: other zeros, case or spaces. */
function writtenInTwoWays(ids: readonly string[], sampleIds: readonly string[]): readonly [string, string] | undefined {
  const known = new Set(sampleIds);
  const forms = new Map(sampleIds.map((id) => [plainForm(id), id]));
  const id = ids.find((name) => !known.has(name) && forms.has(plainForm(name)));
  return id === undefined ? undefined : [id, lookup(forms, plainForm(id))];
}

const plainForm = (id: string): string => (isNumeric(id) ? canonical(decimalOf(id)) : id.trim().toLowerCase());
