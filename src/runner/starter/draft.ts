import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OrtrainError } from '../../core/errors.ts';
import { packageFolder } from '../../core/package.ts';
import { tableKind } from '../../core/table-files.ts';
import { withoutEnd } from '../../core/text.ts';
import { localModel } from '../../data/hub/index.ts';
import { columnOf, headerless, looksLikeRow, readTableAside, type Table } from '../../data/tables/index.ts';
import { poolerIn } from '../check/untrained-pooler.ts';
import { idColumn, otherTexts, pairedTexts, textAndTarget, tokensFor, type NamedColumns } from './guess.ts';
import type { StarterFacts } from './starter.ts';

export interface DraftOptions extends NamedColumns {
  /** Names for a table without a header. */
  readonly columns?: readonly string[];
  /** UTF-8 where it is left out. */
  readonly encoding?: string;
  /** The pretrained model; `BASE` where it is left out. */
  readonly base?: string;
}

/** What a configuration for a table can be told: its columns, those that were not named guessed, and the tables beside it. */
export async function draftStarter(path: string, options: DraftOptions): Promise<Omit<StarterFacts, 'schema'>> {
  const { columns = null, encoding = 'utf-8', base = BASE } = options;
  const table = await readTableAside({ path, columns, encoding });
  if (columns === null && table.lines.length > 0 && table.absent === undefined && looksLikeRow(table.columns, table.rows))
    throw noHeader(table);
  const [test, sample] = [sibling(path, ['test']), sibling(path, ['sample_submission', 'sampleSubmission'])];
  const asked = test === null || sample === null ? [] : (await readTableAside({ path: sample, columns, encoding })).columns.slice(1);
  const pair = options.text === undefined ? pairedTexts(table, options.target === undefined ? [] : options.target.split(',')) : null;
  const guess = textAndTarget(table, pair === null ? options : { ...options, text: pair[0] }, asked);
  const { text, targets, task } = guess;
  const isPair = pair !== null && !targets.includes(pair[1]);
  return {
    name: nameFor(path),
    train: path,
    test,
    sample: test === null ? null : sample,
    id: idColumn(table, [text, ...targets]),
    text,
    otherText: isPair ? pair[1] : otherTexts(table, text, targets),
    isPair,
    targets,
    task,
    mayBeGrades: task === 'classification' && targets.every((column) => areWholeNumbers(columnOf(table, column) ?? [])),
    columns,
    encoding,
    base,
    pooling: poolingFor(base),
    tokens: tokensFor(table.rows.map((_, row) => (isPair ? pair : [text]).map((column) => columnOf(table, column)?.[row] ?? '').join(' '))),
  };
}

/** More than two of them may be grades. */
function areWholeNumbers(cells: readonly string[]): boolean {
  return cells.every((cell) => /^\s*\d+\s*$/.test(cell)) && new Set(cells).size > 2;
}

/** A model that anybody can fetch, with a trained pooler. */
const BASE = 'bert-base-uncased';

/** By the pooler in the model's weights, where these are on this machine. */
function poolingFor(base: string): StarterFacts['pooling'] {
  const folder = localModel(base, 'main');
  if (folder === undefined) return 'default';
  const state = poolerIn(folder, { weights: 'pretrained', resize_embeddings: false }, 0);
  return state === 'absent' || state === 'untrained' ? 'mean' : 'default';
}

function noHeader(table: Table): OrtrainError {
  return new OrtrainError('data', `${table.file}: ${headerless(table.columns).message}`, {
    subject: table.file,
    remedy: `Name its ${table.columns.length} columns, in order: --columns ${table.columns.map((_, i) => `c${i + 1}`).join(',')}`,
  });
}

/**
 * The package's schema, from a folder: relative, as it is inside a project and beside its node_modules; as an address where the way
 * there holds a space, which a comment cannot.
 */
export function schemaFrom(folder: string): string {
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

function sibling(path: string, names: readonly string[]): string | null {
  const endings = [...new Set([tableKind(path)?.ending ?? '', '.csv', '.csv.gz', '.csv.zip', '.tsv', '.jsonl', '.parquet'])];
  const candidates = names.flatMap((name) => endings.map((ending) => join(dirname(path), `${name}${ending}`)));
  return candidates.find((candidate) => existsSync(candidate) && resolve(candidate) !== resolve(path)) ?? null;
}
