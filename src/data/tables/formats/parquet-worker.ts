import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** What the worker is asked. */
interface Order {
  readonly bytes: Uint8Array;
}

/** What it answers: the columns as they are described, then the values of each, or that it has failed. */
export type Answer =
  | { readonly kind: 'columns'; readonly rows: number; readonly columns: readonly ColumnInfo[] }
  | { readonly kind: 'values'; readonly column: number; readonly values: readonly unknown[] }
  | { readonly kind: 'failed'; readonly column: number | null; readonly message: string }
  | { readonly kind: 'done' };

/** A column at the top of the schema. */
export interface ColumnInfo {
  readonly name: string;
  /** Whether it holds lists, maps or structures. */
  readonly isNested: boolean;
  /** Parquet's own type, for one that is not nested. */
  readonly type: string | null;
  /** What its values mean: `DECIMAL`, `DATE`, `TIMESTAMP` …; null: nothing beyond the type. */
  readonly meaning: string | null;
  readonly unit: string | null;
  readonly scale: number;
}

/** Why there is no answer. */
export type Failure = 'too slow' | 'too large' | 'broken';

/**
 * Decodes Parquet in a thread that can be ended: the lengths and counts in a damaged file make the decoder run without end, or fill the
 * memory. A thread for small files is kept for the next one.
 */
export async function decodeParquet(
  bytes: Uint8Array,
  megabytes: number,
  seconds: number,
  take: (answer: Answer) => void,
): Promise<Failure | null> {
  const isSmall = megabytes <= SMALL_MEGABYTES;
  const worker = isSmall && idle !== undefined ? idle : startWorker(Math.max(megabytes, SMALL_MEGABYTES));
  if (worker === idle) idle = undefined;
  worker.ref();
  const [failure, release] = await new Promise<readonly [Failure | null, () => void]>((resolve) => {
    const end = (how: Failure | null): void => resolve([how, release]);
    const listeners = {
      message: (answer: Answer): void => (answer.kind === 'done' ? end(null) : take(answer)),
      error: (error: NodeJS.ErrnoException): void => end(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'too large' : 'broken'),
      exit: (): void => end('broken'),
    } as const;
    const timer = setTimeout(() => end('too slow'), 1000 * seconds);
    const release = (): void => {
      clearTimeout(timer);
      for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
    };
    for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
    worker.postMessage({ bytes } satisfies Order);
  });
  release();
  if (failure === null && isSmall && idle === undefined) {
    idle = worker;
    worker.unref();
  } else await worker.terminate();
  return failure;
}

const SMALL_MEGABYTES = 192;

let idle: Worker | undefined;

function startWorker(megabytes: number): Worker {
  const require = createRequire(import.meta.url);
  const workerData = { hyparquet: require.resolve('hyparquet'), compressors: require.resolve('hyparquet-compressors') };
  return new Worker(PROGRAM, {
    eval: true,
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
    execArgv: [],
    stdout: true,
    stderr: true,
  });
}

/**
 * JavaScript as a text, so that it runs the same from sources, from a bundle and in tests: a thread does not inherit a loader for
 * TypeScript.
 */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { pathToFileURL } = require('node:url');
const libraries = Promise.all([import(pathToFileURL(workerData.hyparquet)), import(pathToFileURL(workerData.compressors))]);
const MEANINGS = [
  'UTF8', 'ENUM', 'JSON', 'BSON', 'DECIMAL', 'DATE',
  'TIME_MILLIS', 'TIME_MICROS', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS', 'INTERVAL',
];
const LOGICAL = ['STRING', 'ENUM', 'JSON', 'BSON', 'DECIMAL', 'DATE', 'TIME', 'TIMESTAMP', 'INTERVAL', 'UUID'];
const MOST_PAGE = 1e9;

// Numbers, bytes and texts are wanted as they are stored: what they mean is said beside them.
function withoutMeaning(element) {
  const { converted_type, logical_type, ...rest } = element;
  if (element.num_children) return element;
  return MEANINGS.includes(converted_type) || LOGICAL.includes(logical_type?.type) ? rest : element;
}

// The key of a map becomes the name of a property, so it is wanted as a text: below the map stands a repeated group, and the key
// is first in it.
function isKeyOfMap(schema, place) {
  const map = schema[place - 2];
  const isMap = ['MAP', 'MAP_KEY_VALUE'].includes(map?.converted_type) || map?.logical_type?.type === 'MAP';
  return isMap && Boolean(map.num_children);
}

function meaningOf({ num_children, converted_type, logical_type }) {
  if (num_children) return null;
  if (LOGICAL.includes(logical_type?.type)) return logical_type.type;
  if (!MEANINGS.includes(converted_type)) return null;
  return converted_type === 'UTF8' ? 'STRING' : converted_type.replace(/_(MILLIS|MICROS)$/, '');
}

function describe(element) {
  const unit = element.logical_type?.unit ?? /_(MILLIS|MICROS)$/.exec(element.converted_type ?? '')?.[1] ?? null;
  return {
    name: element.name,
    isNested: Boolean(element.num_children) || element.repetition_type === 'REPEATED',
    type: element.type ?? null,
    meaning: meaningOf(element),
    unit,
    scale: element.logical_type?.scale ?? element.scale ?? 0,
  };
}

function rowsOf(metadata, columns) {
  const rows = Number(metadata.num_rows);
  let sum = 0;
  for (const group of metadata.row_groups) {
    sum += Number(group.num_rows);
    for (const { file_path, meta_data } of group.columns) {
      if (file_path || !meta_data) throw new Error('its columns are in other files');
      const [top, ...below] = meta_data.path_in_schema;
      const isColumn = below.length === 0 && columns.some((column) => column.name === top && !column.isNested);
      if (isColumn && meta_data.num_values !== group.num_rows) {
        throw new Error('a column has ' + meta_data.num_values + ' values in a group of ' + group.num_rows + ' rows');
      }
    }
  }
  if (sum !== rows || !(rows >= 0)) throw new Error('its groups have ' + sum + ' rows, and the file ' + metadata.num_rows);
  return rows;
}

parentPort.on('message', async ({ bytes }) => {
  let column = null;
  try {
    const [{ parquetMetadata, parquetRead, parquetSchema }, { compressors }] = await libraries;
    const limited = Object.fromEntries(Object.entries(compressors).map(([name, unpack]) => [name, (input, length) => {
      if (!(length <= MOST_PAGE)) throw new Error('a page says that it has ' + length + ' bytes');
      return unpack(input, length);
    }]));
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const file = { byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) };
    const stored = parquetMetadata(buffer, { geoparquet: false });
    const columns = parquetSchema(stored).children.map(({ element }) => describe(element));
    const rows = rowsOf(stored, columns);
    parentPort.postMessage({ kind: 'columns', rows, columns });
    const schema = stored.schema.map((element, place, all) => (isKeyOfMap(all, place) ? element : withoutMeaning(element)));
    const metadata = { ...stored, schema };
    const options = { compressors: limited, utf8: false, geoparquet: false };
    const parsers = { timestampFromNanoseconds: (nanos) => nanos };
    if (new Set(columns.map(({ name }) => name)).size === columns.length && rows > 0) {
      for (column = 0; column < columns.length; column += 1) {
        const values = await new Promise((resolve, reject) => {
          const onComplete = (all) => resolve(all.map((row) => row[0]));
          parquetRead({ ...options, file, metadata, columns: [columns[column].name], parsers, onComplete }).catch(reject);
        });
        parentPort.postMessage({ kind: 'values', column, values });
      }
    }
  } catch (error) {
    parentPort.postMessage({ kind: 'failed', column, message: String(error?.message ?? error).slice(0, 300) });
  }
  parentPort.postMessage({ kind: 'done' });
});
`;
