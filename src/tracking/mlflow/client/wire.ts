/**
 * The edge to the tracking server: everything that is sent goes through here. The server answers 200 to values of the wrong
 * JSON type and stores them half-filled, and one bad key refuses a whole batch, so each item is either right or set aside with a reason.
 */

export interface WireMetric {
  readonly key: string;
  readonly value: number | 'NaN';
  readonly timestamp: number;
  readonly step: number;
}

export interface WirePair {
  readonly key: string;
  readonly value: string;
}

export interface WireDataset {
  readonly tags: readonly WirePair[];
  readonly dataset: { readonly name: string; readonly digest: string; readonly source_type: string; readonly source: string };
}

/** Something that can be sent, or why it cannot. */
export type Checked<T> = { readonly item: T } | { readonly reason: string };

/** A metric as the journal has it: null stands for what JSON cannot hold, NaN and the infinities. Times in integer milliseconds. */
export interface Metric {
  readonly key: string;
  readonly value: number | null;
  readonly t: number;
  readonly step: number;
}

export function wireMetric({ key, value, t, step }: Metric): Checked<WireMetric> {
  const reason = keyProblem(key) ?? integerProblem('time', t) ?? integerProblem('step', step);
  if (reason !== undefined) return { reason };
  if (value !== null && typeof value !== 'number') return { reason: `the value is a ${typeof value}, not a number` };
  // Infinity would come back as 1.8e308 and ruin the axes of charts.
  return { item: { key, value: value === null || !Number.isFinite(value) ? 'NaN' : value, timestamp: t, step } };
}

/** Any value: texts as they are, all else as JSON. */
export function wireParam(key: string, value: unknown): Checked<WirePair> {
  return wirePair(key, value, MAX_PARAM_LENGTH);
}

export function wireTag(key: string, value: unknown): Checked<WirePair> {
  return wirePair(key, value, MAX_TAG_LENGTH);
}

/** A file that was read: its path, SHA-256, and what it was for (`training`, `test`). */
export function wireDataset(name: string, path: string, sha256: string | null, context: string): Checked<WireDataset> {
  if (sha256 === null || sha256 === '') return { reason: 'the journal has no digest of it' };
  const source = text(JSON.stringify({ uri: path }));
  if (source.length > MAX_SOURCE_LENGTH) return { reason: `the path has ${path.length} characters` };
  return {
    item: {
      tags: [{ key: 'mlflow.data.context', value: context }],
      dataset: { name: truncated(text(name), MAX_DATASET_NAME), digest: text(sha256).slice(0, MAX_DIGEST), source_type: 'local', source },
    },
  };
}

/** The path of an artifact in a URL, each segment encoded. */
export function wirePath(path: string): Checked<string> {
  const segments = path.split('/');
  const bad = segments.find(
    (segment) => segment === '' || segment === '.' || segment === '..' || /[%#\\\p{Cc}\p{Surrogate}]/u.test(segment),
  );
  return bad === undefined
    ? { item: segments.map(encodeURIComponent).join('/') }
    : { reason: `the path ${JSON.stringify(path)} has a part that servers may decode to another path` };
}

const MAX_KEY_LENGTH = 250;
const MAX_PARAM_LENGTH = 6000;
const MAX_TAG_LENGTH = 8000;
const MAX_DIGEST = 36;
const MAX_DATASET_NAME = 500;
const MAX_SOURCE_LENGTH = 65_535;

function wirePair(key: string, value: unknown, maxLength: number): Checked<WirePair> {
  const reason = keyProblem(key);
  if (reason !== undefined) return { reason };
  if (value === undefined) return { reason: 'there is no value' };
  return { item: { key, value: truncated(text(typeof value === 'string' ? value : JSON.stringify(value)), maxLength) } };
}

function keyProblem(key: string): string | undefined {
  if (typeof key !== 'string' || key === '') return 'the key is empty';
  if ([...key].length > MAX_KEY_LENGTH) return `the key has more than ${MAX_KEY_LENGTH} characters`;
  const strange = /[^\p{L}\p{N}_ \-.:/]/u.exec(key);
  if (strange !== null) return `the key holds ${JSON.stringify(strange[0])}`;
  return key.split('/').some((part) => part === '' || part === '.' || part === '..') ? 'the key is not a plain path' : undefined;
}

function integerProblem(what: string, value: number): string | undefined {
  return Number.isSafeInteger(value) ? undefined : `the ${what} is not an integer`;
}

/** Half of a UTF-16 pair would end the server's parsing. */
function text(value: string): string {
  return value.replaceAll(/\p{Surrogate}/gu, '\uFFFD');
}

/** The server counts code points. */
function truncated(value: string, maxLength: number): string {
  return value.length <= maxLength ? value : [...value].slice(0, maxLength).join('');
}
