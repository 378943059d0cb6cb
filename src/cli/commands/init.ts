import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OrtrainError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { packageFolder } from '../../core/package.ts';
import { isTaken, writeOutput } from '../../core/outputs.ts';
import { tableKind } from '../../core/table-files.ts';
import { withoutEnd } from '../../core/text.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import { readTableAside } from '../../data/large-tables.ts';
import { columnOf, type Table } from '../../data/table.ts';
import { headerless, looksLikeRow } from '../../data/tables/header.ts';
import type { Verb } from '../call.ts';
import { isPrinted } from '../output.ts';
import { starter } from '../starter.ts';
import { copyExample, type EXAMPLES } from './example.ts';

interface InitFlags {
  readonly example?: keyof typeof EXAMPLES;
  readonly output?: string;
  readonly text?: string;
  readonly target?: string;
  readonly columns?: readonly string[];
  readonly encoding?: string;
}

/** Writes a configuration for a table. Never over a file that is there. */
export const init: Verb<InitFlags> = async ([path], flags, { terminal }) => {
  if (flags.example !== undefined && path === undefined) return copyExample(flags.example);
  if (path === undefined || flags.example !== undefined) {
    throw new OrtrainError('usage', 'init takes either a table or --example', { remedy: 'For your own data: pipeline init <table>. For a first look: pipeline init --example quickstart.' });
  }
  const columns = flags.columns ?? null;
  const encoding = flags.encoding ?? 'utf-8';
  const table = await readTableAside({ path, columns, encoding });
  if (columns === null && table.lines.length > 0 && table.absent === undefined && looksLikeRow(table.columns, table.rows)) throw noHeader(table);
  const name = nameFor(path);
  const output = flags.output ?? join('configs', `${name}.yaml`);
  const printed = isPrinted(output, '--output', terminal);
  if (isTaken(output)) {
    throw new OrtrainError('usage', `${output} is there already, and is not written over`, { subject: output, remedy: 'Name another file with --output.' });
  }
  const { text, target } = textAndTarget(table, flags);
  const id = idColumn(table, [text, target]);
  const [test, sample] = [sibling(path, ['test']), sibling(path, ['sample_submission', 'sampleSubmission'])];
  const schema = schemaFrom(printed ? '.' : dirname(output));
  const content = starter({ schema, name, train: path, test, sample: test === null ? null : sample, id, text, target, columns, encoding, tokens: tokensFor(columnOf(table, text) ?? []) });
  if (!printed) await writeOutput(output, content, { onWait: terminal.note });
  return {
    data: { output, id, text, target, test, sample_submission: sample },
    text: printed ? content : `${output} is written: text in ${text}, classes in ${target}, ids in ${id ?? 'no column'}, ${test === null ? 'no rows to predict' : `rows to predict from ${test}, ${sample === null ? 'no sample submission' : `submission as ${sample}`}`}\nlook through it, then: pipeline run ${output}`,
  };
};

/** Two different columns. Throws a usage error where the table has one, or one was named for both. */
function textAndTarget(table: Table, flags: InitFlags): { readonly text: string; readonly target: string } {
  if (table.columns.length < 2) {
    throw new OrtrainError('usage', `${table.file} has one column, ${quoted(table.columns[0] ?? '')}; a classifier learns from a column of texts and one of classes`, {
      subject: table.file,
      remedy: 'Give it a table of both. If the file has more columns, look whether its separator fits its ending.',
    });
  }
  const named = (column: string | undefined, flag: string): string | undefined => (column === undefined ? undefined : columnNamed(table, column, flag));
  const [asked, target] = [named(flags.text, '--text'), named(flags.target, '--target')];
  const text = asked ?? textColumn(table, target);
  if (target === undefined) return { text, target: targetColumn(table, text) };
  if (text === target) {
    throw new OrtrainError('usage', `--text and --target name the same column, ${quoted(text)}`, { subject: text, remedy: `The columns are ${quotedList(table.columns)}.` });
  }
  const different = new Set(columnOf(table, target)).size;
  if (different < 2 || (different > MOST_CLASSES && different > table.rows.length / 2)) {
    throw new OrtrainError('usage', `--target ${target}: the column has ${different} different values in ${table.rows.length} rows, so it does not hold classes`, { subject: target });
  }
  return { text, target };
}

function noHeader(table: Table): OrtrainError {
  return new OrtrainError('data', `${table.file}: ${headerless(table.columns).message}`, { subject: table.file, remedy: `Name its ${table.columns.length} columns, in order: --columns ${table.columns.map((_, i) => `c${i + 1}`).join(',')}` });
}

/**
 * The package's schema, from a folder: relative, as it is inside a project and beside its node_modules; as an address where the way
 * there holds a space, which a comment cannot.
 */
function schemaFrom(folder: string): string {
  const schema = join(packageFolder(), 'configs', 'experiment.schema.json');
  const way = relative(resolve(folder), schema).replaceAll('\\', '/');
  return /\s/.test(way) || isAbsolute(way) ? pathToFileURL(schema).href : way;
}

/** `train.csv` says nothing, but its folder does. */
function nameFor(path: string): string {
  const own = basename(path).replace(/(\.(csv|tsv|txt|jsonl|ndjson|json|parquet))?(\.(gz|zip))?$/i, '');
  const name = /^(train|training|data|dataset)$/i.test(own) ? basename(dirname(resolve(path))) : own;
  return withoutEnd(name.replace(/[^\p{L}\p{N}_-]+/gu, '-').replace(/^-+/, ''), '-').slice(0, 100) || 'experiment';
}

function columnNamed(table: Table, column: string, flag: string): string {
  if (table.columns.includes(column)) return column;
  const near = nearest(column, table.columns);
  throw new OrtrainError('usage', `${flag} ${column}: ${table.file} has no such column`, {
    subject: column,
    remedy: near === undefined ? `Its columns are ${quotedList(table.columns)}.` : `Did you mean ${quoted(near)}?`,
  });
}

/** The column with the longest texts, other than that of the classes. */
function textColumn(table: Table, target: string | undefined): string {
  const length = (column: string): number => (columnOf(table, column) ?? []).reduce((sum, value) => sum + value.length, 0);
  const columns = table.columns.filter((column) => column !== target && table.unnamed?.has(column) !== true && table.unusable?.has(column) !== true);
  const candidates = columns.length > 0 ? columns : table.columns.filter((column) => column !== target);
  return candidates.reduce((longest, column) => (length(column) > length(longest) ? column : longest));
}

const USUAL_TARGETS = /^(target|label|labels|class|category|sentiment|y)$/i;
/** More different values than this are rarely classes. */
const MOST_CLASSES = 50;

/** A column of the usual name, or the only one that can hold classes: few different values, each of them often. */
function targetColumn(table: Table, text: string): string {
  const candidates = table.columns.filter((column) => {
    const different = new Set(columnOf(table, column)).size;
    return column !== text && table.unnamed?.has(column) !== true && different >= 2 && different <= Math.min(MOST_CLASSES, table.rows.length / 2);
  });
  const [usual] = candidates.filter((column) => USUAL_TARGETS.test(column));
  const [only, second] = candidates;
  if (usual !== undefined) return usual;
  if (only !== undefined && second === undefined) return only;
  throw new OrtrainError('usage', `which column of ${table.file} holds the classes is not clear`, {
    subject: table.file,
    remedy: `Name it with --target; ${candidates.length > 0 ? `it could be ${candidates.map(quoted).join(' or ')}.` : `the columns are ${quotedList(table.columns)}.`}`,
  });
}

/** A column with id in its name and a different value in every row. */
function idColumn(table: Table, taken: readonly string[]): string | null {
  const isId = (column: string): boolean => {
    const ids = new Set(columnOf(table, column));
    return /(^|[_\s])id$/i.test(column) && ids.size === table.rows.length && !ids.has('');
  };
  return table.columns.find((column) => !taken.includes(column) && isId(column)) ?? null;
}

function sibling(path: string, names: readonly string[]): string | null {
  const endings = [...new Set([tableKind(path)?.ending ?? '', '.csv', '.csv.gz', '.csv.zip', '.tsv', '.jsonl', '.parquet'])];
  return names.flatMap((name) => endings.map((ending) => join(dirname(path), `${name}${ending}`))).find((candidate) => existsSync(candidate) && resolve(candidate) !== resolve(path)) ?? null;
}

/** A WordPiece token of running English holds about four characters; nineteen of twenty texts should fit, in steps of 32. */
function tokensFor(texts: readonly string[]): number {
  const lengths = texts.map((text) => text.length).toSorted((a, b) => a - b);
  const most = lengths[Math.floor(lengths.length * 0.95)] ?? 0;
  return Math.min(512, Math.max(32, Math.ceil((most / 4 + 2) / 32) * 32));
}
