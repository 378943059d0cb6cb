import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { differing } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { environment, type Environment } from '../../core/environment.ts';
import { hashFile } from '../../core/hash.ts';
import { readJsonInput } from '../../core/inputs.ts';
import { fileInside, folderInside } from '../../core/inside.ts';
import { leafValues } from '../../core/leaf-values.ts';
import { countUp } from '../../core/values.ts';
import { recordedFiles, whatIsWrong } from '../recorded-files.ts';
import { sideBySide, type Compared, type SideBySide } from './compare.ts';
import { readJudged } from './judged.ts';

/** Two runs, and everything in which they differ. Values come in the order of the runs; `undefined` where one has none. */
export interface RunDiff extends Pick<SideBySide, 'metrics'> {
  readonly runs: readonly [string, string];
  /** Path of each parameter that differs, to its values. */
  readonly parameters: Readonly<Record<string, readonly unknown[]>>;
  /** Name of each file from outside that differs, to the SHA-256 of its contents. */
  readonly data: Differences;
  /** What else was different: `versions.node`, `machine.cpu`, `device`, `threads`, `git.commit`, `commandLine`, … */
  readonly environment: Readonly<Record<string, readonly unknown[]>>;
  /** Every file of results that either has. */
  readonly results: readonly ResultFile[];
  /** Why the results are equal or not, as sentences. */
  readonly why: readonly string[];
}

type Differences = Readonly<Record<string, readonly (string | undefined)[]>>;

export interface ResultFile {
  /** Relative to the run's folder, with forward slashes. */
  readonly path: string;
  /** True where both have it with the same bytes. */
  readonly same: boolean;
  /** SHA-256. */
  readonly hashes: readonly (string | undefined)[];
}

type Stored = Compared & { readonly folder: string };

/** Compares what two run folders say of configuration, data and surroundings, and the bytes of their results. */
export async function diffRuns(a: Stored, b: Stored): Promise<RunDiff> {
  const [before, after] = [readEnvironment(a), readEnvironment(b)];
  const parameters = differing([a.experiment, b.experiment]);
  const data = differingData(before.data, after.data);
  const environment = differingPlaces(before, after);
  const results = await comparedResults(a.folder, b.folder);
  const files = [...SOURCES, ...results.map(({ path }) => path)];
  const changed = [...(await changedFiles(a, files)), ...(await changedFiles(b, files))];
  return {
    runs: [a.name, b.name],
    parameters,
    data,
    environment,
    results,
    metrics: sideBySide([a, b], await haveSameRows([a, b])).metrics,
    why: [...changed, ...reasons({ parameters, data, environment, results })],
  };
}

/** Whether the better figures can be marked; damaged results are told where they are compared. */
async function haveSameRows(runs: readonly Stored[]): Promise<boolean> {
  try {
    const { judged, setAside } = await readJudged(runs);
    return setAside.length === 0 && judged.every(({ differs }) => differs?.sameRows !== false);
  } catch (error) {
    if (error instanceof OrtrainError) return false;
    throw error;
  }
}

/** These decide numbers, as parts of the surroundings; a trailing dot stands for everything below. */
const DECISIVE = ['device', 'threads', 'versions.', 'machine.cpu', 'machine.platform'];

/** Parameters on which no byte of a result depends; device and threads are told as they were in the end. */
const WITHOUT_EFFECT = ['tracking.', 'resources.'];

const startsWithAny = (path: string, starts: readonly string[]): boolean =>
  starts.some((start) => (start.endsWith('.') ? path.startsWith(start) : path === start));

/** What can have made the results different, or that they are not. */
export function reasons({
  parameters,
  data,
  environment,
  results,
}: Pick<RunDiff, 'parameters' | 'data' | 'environment' | 'results'>): readonly string[] {
  if (results.length === 0) return ['neither run has results yet'];
  const missing = results.filter(({ hashes }) => hashes.includes(undefined)).map(({ path }) => path);
  const different = results.filter(({ same, path }) => !same && !missing.includes(path)).map(({ path }) => path);
  const lacks = missing.length === 0 ? [] : [`only one of them has ${missing.join(', ')}`];
  if (different.length === 0)
    return [
      ...lacks,
      missing.length === results.length ? 'they have no result in common' : 'every result that both have is the same to the byte',
    ];
  const asked = Object.keys(parameters).filter((path) => !startsWithAny(path, WITHOUT_EFFECT));
  const around = Object.entries(environment).filter(([path]) => startsWithAny(path, DECISIVE));
  const code =
    environment['git.commit'] !== undefined || environment['git.dirty'] !== undefined
      ? ['the code may have changed: its git state is another']
      : [];
  const causes = [
    ...(asked.length === 0 ? [] : [`the configuration is another: ${asked.join(', ')}`]),
    ...(Object.keys(data).length === 0 ? [] : [`the data are other: ${Object.keys(data).join(', ')}`]),
    ...around.map(([path, [before, after]]) => `${path} was ${shown(before)} and ${shown(after)}`),
    ...code,
  ];
  const unexplained = 'nothing that is recorded distinguishes them, so they should be the same';
  return [
    ...lacks,
    `${different.join(', ')} ${different.length === 1 ? 'differs' : 'differ'}`,
    ...(causes.length === 0 ? [unexplained] : causes),
  ];
}

function shown(value: unknown): string {
  return value === undefined ? 'not recorded' : String(value);
}

function readEnvironment({ name, folder }: Stored): Environment {
  const path = join(folder, 'environment.json');
  try {
    return readJsonInput(fileInside(folder, 'environment.json'), environment);
  } catch (cause) {
    throw new OrtrainError('data', `${path} cannot be read, so nothing is known of what ${name} ran on`, { subject: path, cause });
  }
}

/** By name and not by path: the same file may lie elsewhere. Files of one name are told apart by the order of their paths. */
function differingData(before: Environment['data'], after: Environment['data']): Differences {
  const [a, b] = [byName(before), byName(after)];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.filter((name) => a[name] !== b[name]).map((name) => [name, [a[name], b[name]]]));
}

function byName(files: Environment['data']): Readonly<Record<string, string>> {
  const seen = new Map<string, number>();
  return Object.fromEntries(
    Object.entries(files)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, hash]) => {
        const name = basename(path);
        const number = countUp(seen, name);
        return [number === 1 ? name : `${name} (${number})`, hash];
      }),
  );
}

/** Leaves of the environment that differ; data and cache entries follow from the rest. */
function differingPlaces(before: Environment, after: Environment): RunDiff['environment'] {
  const [a, b] = [before, after].map(({ data: _data, entries: _entries, ...rest }) => leafValues(rest));
  const paths = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])];
  return Object.fromEntries(
    paths.map((path) => [path, [a?.[path], b?.[path]]] as const).filter(([, [x, y]]) => JSON.stringify(x) !== JSON.stringify(y)),
  );
}

/** What is told of a run comes from these, besides its results. */
const SOURCES = ['config.yaml', 'environment.json', 'metrics.json'];

const RESULTS = ['folds.csv', 'oof.csv', 'predictions.csv', 'submission.csv'];

/** Differences that no run has made, as sentences. */
async function changedFiles({ name, folder }: Stored, paths: readonly string[]): Promise<readonly string[]> {
  const recorded = recordedFiles(folder);
  const sentences = paths.map(async (path) => {
    const record = recorded.get(path);
    const problem = record === undefined ? undefined : await whatIsWrong(join(folder, path), record);
    return problem === undefined ? [] : [`${path} of ${name} ${problem}`];
  });
  return (await Promise.all(sentences)).flat();
}

async function comparedResults(a: string, b: string): Promise<readonly ResultFile[]> {
  const paths = [...RESULTS, ...new Set([a, b].flatMap(modelFiles))].filter((path) =>
    [a, b].some((folder) => existsSync(join(folder, path))),
  );
  return Promise.all(
    paths.map(async (path) => {
      const hashes = await Promise.all(
        [a, b].map(async (folder) => (existsSync(fileInside(folder, path)) ? hashFile(join(folder, path)) : undefined)),
      );
      return { path, same: hashes[0] !== undefined && hashes[0] === hashes[1], hashes };
    }),
  );
}

/** The weights of each fold, in one file or, where folds share an encoder, in two. */
function modelFiles(folder: string): readonly string[] {
  const models = folderInside(folder, 'models');
  if (!existsSync(models)) return [];
  const weightsOf = (fold: string): readonly string[] =>
    readdirSync(join(models, fold))
      .filter((name) => name.endsWith('.safetensors'))
      .sort();
  return readdirSync(models, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .flatMap((fold) => weightsOf(fold).map((name) => `models/${fold}/${name}`));
}
