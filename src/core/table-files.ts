/** How the rows of a data file are written. */
export type TableFormat = 'csv' | 'tsv' | 'jsonl' | 'json' | 'parquet';

/** What the ending of a name says about a data file. */
export interface TableKind {
  /** Null where only the name inside the archive says it. */
  readonly format: TableFormat | null;
  readonly packing: 'gzip' | 'zip' | null;
  /** As it stands in the name: `.csv.gz`. */
  readonly ending: string;
}

/** For messages. */
export const TABLE_ENDINGS = 'Data files end in .csv, .tsv, .txt, .jsonl, .ndjson, .json or .parquet, each also with .gz or .zip after it.';

const FORMATS: Readonly<Record<string, TableFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  txt: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  parquet: 'parquet',
};
const PACKINGS: Readonly<Record<string, 'gzip' | 'zip'>> = { gz: 'gzip', zip: 'zip' };

/** The kind that a name's ending stands for; undefined for one that no data file has. */
export function tableKind(path: string): TableKind | undefined {
  const match = /(?:\.([a-z]+))?\.([a-z]+)$/i.exec(path);
  if (match === null) return undefined;
  const [inner, outer] = [match[1]?.toLowerCase() ?? '', match[2]!.toLowerCase()];
  const packing = Object.hasOwn(PACKINGS, outer) ? PACKINGS[outer]! : null;
  const name = packing === null ? outer : inner;
  if (Object.hasOwn(FORMATS, name)) return { format: FORMATS[name]!, packing, ending: packing === null ? `.${match[2]!}` : match[0] };
  return packing === 'zip' ? { format: null, packing, ending: `.${match[2]!}` } : undefined;
}
