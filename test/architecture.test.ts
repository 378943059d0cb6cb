import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Rooms from the top of the house to its foundation, index.ts the door for programs; each imports only rooms after it. */
const ROOMS = [
  'cli', 'index.ts', 'api', 'serving', 'runner', 'stages', 'training', 'tracking', 'tasks', 'data', 'engine', 'config', 'core',
];

/** The engine's own floors, and what each may use of the others. */
const ENGINE: Readonly<Record<string, readonly string[]>> = {
  graph: [],
  autodiff: ['graph'],
  optim: ['graph'],
  models: ['autodiff', 'graph'],
  runtime: ['optim', 'graph'],
};

/**
 * The files by which a folder is entered; all others are its inside. core is a set of independent files, each a door of its own: an
 * index would load threads, unpackers and locks for whoever wants the name of an error.
 */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  cli: [],
  api: ['check.ts', 'classifier.ts', 'compare.ts', 'evaluate.ts', 'experiments.ts', 'plan.ts', 'run.ts', 'running.ts', 'surroundings.ts', 'sweep.ts'],
  // By part, so that a command which lists runs does not load what trains them.
  runner: [
    'index.ts', 'load-experiments.ts', 'cache/index.ts', 'check/index.ts', 'classifier/index.ts', 'exports/index.ts', 'machine/index.ts', 'models/index.ts',
    'launchers/index.ts', 'plan/index.ts', 'queue/index.ts', 'search/index.ts', 'starter/index.ts', 'stored/index.ts',
  ],
  serving: ['index.ts'],
  stages: ['index.ts'],
  training: ['index.ts'],
  tracking: ['index.ts', 'comparison/index.ts', 'mlflow/index.ts', 'report/index.ts'],
  'tracking/comparison': ['index.ts'],
  'tracking/mlflow': ['index.ts'],
  'tracking/report': ['index.ts'],
  tasks: ['index.ts'],
  data: [
    'problems.ts', 'examples/index.ts', 'findings/index.ts', 'folds/index.ts', 'hub/index.ts', 'linear/index.ts', 'statistics/index.ts',
    'submission/index.ts', 'tables/index.ts', 'texts/index.ts', 'tokenizer/index.ts', 'tokens/index.ts',
  ],
  'data/tables': ['index.ts'],
  'data/examples': ['index.ts'],
  'data/findings': ['index.ts'],
  'data/folds': ['index.ts'],
  'data/hub': ['index.ts'],
  'data/linear': ['index.ts'],
  'data/statistics': ['index.ts'],
  'data/submission': ['index.ts'],
  'data/texts': ['index.ts'],
  'data/tokenizer': ['index.ts'],
  'data/tokens': ['index.ts'],
  engine: [
    'precision.ts', 'program.ts', 'step-analysis.ts', 'step-choices.ts',
    'graph/index.ts', 'graph/onnx/to-onnx.ts', 'optim/index.ts', 'models/index.ts', 'runtime/index.ts',
  ],
  // Protobuf's library is loaded with the files that read and write ONNX, when they are first needed.
  'engine/graph': ['index.ts', 'onnx/to-onnx.ts', 'onnx/loop.ts', 'onnx/from-onnx.ts'],
  'engine/autodiff': ['index.ts'],
  'engine/optim': ['index.ts'],
  'engine/models': ['index.ts'],
  'engine/runtime': ['index.ts'],
  config: ['index.ts'],
};

/** A file past this asks to be split. */
const MOST_LINES = 300;

/** A line past this hides what it says. */
const MOST_COLUMNS = 140;

interface Source {
  /** Below src/, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Its code: comments and the insides of texts left out. */
  readonly code: string;
  /** Relative imports as paths below src/. */
  readonly ours: readonly string[];
  /** Imports of packages and of Node's own modules. */
  readonly others: readonly string[];
}

const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => sourceOf(path.replaceAll('\\', '/')));

test('there is something to look at', () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.some(({ others }) => others.includes('onnxruntime-node'))).toBe(true);
  expect(new Set(sources.map(({ path }) => roomOf(path)))).toEqual(new Set(ROOMS));
});

test('rooms import only rooms below them', () => {
  const wrong = sources.flatMap(({ path, ours }) => {
    const allowed = ROOMS.slice(ROOMS.indexOf(roomOf(path)));
    return ours.filter((target) => !allowed.includes(roomOf(target))).map((target) => `${path} imports ${target}`);
  });
  expect(wrong).toEqual([]);
});

test('a room is entered by its doors alone', () => {
  const imports = sources.flatMap(({ path, ours }) => ours.map((target) => ({ path, target })));
  const crossing = (room: string) => imports.filter(({ path, target }) => isInside(target, room) && !isInside(path, room));
  const wrong = Object.entries(DOORS).flatMap(([room, doors]) =>
    crossing(room)
      .filter(({ target }) => !doors.includes(target.slice(room.length + 1)))
      .map(({ path, target }) => `${path} imports ${target}`),
  );
  const unused = Object.entries(DOORS).flatMap(([room, doors]) =>
    doors.map((door) => `${room}/${door}`).filter((door) => !crossing(room).some(({ target }) => target === door)),
  );
  const asides = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/moduleBeside\(import\.meta\.url, '[^']*\/[^']*'/g)].map(([call]) => `${path} calls ${call}`),
  );
  expect({ wrong, unused, asides }).toEqual({ wrong: [], unused: [], asides: [] });
});

test('the engine is a library: it needs core alone, and its floors stand on each other in one order', () => {
  const wrong = sources
    .filter(({ path }) => roomOf(path) === 'engine' && path !== 'engine/index.ts') // the library's front door opens on every floor
    .flatMap(({ path, ours }) => {
      const own = floorOf(path);
      return ours.filter((target) => !mayUse(own, target)).map((target) => `${path} imports ${target}`);
    });
  expect(wrong).toEqual([]);
});

test('a task is known by its interface: its kinds stay inside their room, and nobody else counts classes', () => {
  const outside = sources.filter(({ path }) => roomOf(path) !== 'tasks');
  const inside = outside.flatMap(({ path, ours }) =>
    ours.filter((target) => roomOf(target) === 'tasks' && target !== 'tasks/index.ts').map((target) => `${path} imports ${target}`),
  );
  const counts = outside.flatMap(({ path, code }) =>
    [...code.matchAll(/\bclasses\.length\b|\bclasses [=<>]=* *\d/g)].map(([found]) => `${path}: ${found}`),
  );
  expect([...inside, ...counts]).toEqual([]);
});

test('only engine/runtime imports onnxruntime', () => {
  const importers = sources.filter(({ others }) => others.some((name) => name.startsWith('onnxruntime'))).map(({ path }) => path);
  expect(importers.filter((path) => !path.startsWith('engine/runtime/'))).toEqual([]);
});

test('the engine’s pure rooms know no files, no processes and no network', () => {
  const worldly = /^(node:)?(fs|fs\/promises|child_process|worker_threads|net|http|https|os)$/;
  const wrong = sources
    .filter(({ path }) => /^engine\/(graph|autodiff|optim|models)\//.test(path))
    .flatMap(({ path, code, others }) => [
      ...others.filter((name) => worldly.test(name)).map((name) => `${path} imports ${name}`),
      ...[...code.matchAll(/\b(Math\.random|Date\.now|performance\.now|new Date)\b/g)].map(([call]) => `${path} calls ${call}`),
    ]);
  expect(wrong).toEqual([]);
});

test('journals are read by one reducer; what goes to MLflow is read from a byte on, and reduced by the same', () => {
  const readers = sources.filter(({ code }) => /\b(journalEntries|soundEntries|readJournalFrom)\b/.test(code)).map(({ path }) => path);
  expect(readers.sort()).toEqual(['tracking/history.ts', 'tracking/journal.ts', 'tracking/mlflow/folder.ts', 'tracking/mlflow/upload.ts']);
});

test('only cli prints and reads the command line', () => {
  const prints = /\bconsole\s*\.|\bprocess\s*\.\s*(stdout|stderr|stdin|argv|exit|exitCode)\b/g;
  const wrong = sources
    .filter(({ path }) => roomOf(path) !== 'cli')
    .flatMap(({ path, code }) => [...code.matchAll(prints)].map(([call]) => `${path}: ${call}`));
  expect(wrong).toEqual([]);
});

/** Where the environment and the working directory of the process are read: by commands, and to find the machine's programs and drivers. */
const WORLDLY = [
  'config/references.ts',
  'config/yaml/read-file.ts',
  'core/programs.ts',
  'core/text.ts',
  'core/variables.ts',
  'engine/runtime/probe.ts',
  'runner/classifier/model-process.ts',
  'runner/machine/devices.ts',
  'runner/machine/examination.ts',
  'runner/machine/gpu-memory.ts',
  'runner/workers/predict-process.ts',
  'runner/workers/worker.ts',
];

test('settings come from what is given, and not from the process', () => {
  const readers = sources
    .filter(({ path, code }) => roomOf(path) !== 'cli' && /\bprocess\s*\.\s*(env|cwd)\b/.test(code))
    .map(({ path }) => path);
  expect(readers.sort()).toEqual(WORLDLY);
});

test('only cli/main.ts ends the process', () => {
  const enders = sources.filter(({ code }) => /\bprocess\s*\.\s*(exit\b|exitCode\s*=)/.test(code)).map(({ path }) => path);
  expect(enders).toEqual(['cli/main.ts']);
});

test('no default exports, no enums, no any', () => {
  const wrong = sources.flatMap(({ path, code }) =>
    [...code.matchAll(/\bexport default\b|\benum \w+ *\{|(:|<|\bas) *any\b/g)].map(([found]) => `${path}: ${found}`),
  );
  expect(wrong).toEqual([]);
});

test(`no file is longer than ${MOST_LINES} lines`, () => {
  const long = sources.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 })).filter(({ lines }) => lines > MOST_LINES);
  expect(long).toEqual([]);
});

function sourceOf(path: string): Source {
  const text = readFileSync(join(src, path), 'utf8');
  const imported = [
    ...text.matchAll(
      /(?:^|[\s;}])(?:import|export)\s[^'";]*?\bfrom\s*'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'|\brequire\(\s*'([^']+)'/gm,
    ),
  ].map((match) => match.slice(1).find(Boolean) ?? '');
  return {
    path,
    text,
    code: withoutTexts(text),
    ours: imported
      .filter((name) => /^\.{1,2}\/.*\.ts$/.test(name))
      .map((name) => relative(src, join(src, dirname(path), name)).replaceAll('\\', '/')),
    others: imported.filter((name) => !name.startsWith('.')),
  };
}

/** Comments, quoted texts and templates are skipped together, whichever begins first. */
function withoutTexts(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, '');
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? '';
}

function floorOf(path: string): string {
  const [, floor = '', file] = path.split('/');
  return file === undefined ? '' : floor;
}

/** Files right in engine/ are contracts that every floor may use, made of the graph's types. */
function mayUse(floor: string, target: string): boolean {
  if (roomOf(target) === 'core') return true;
  const other = floorOf(target);
  return (
    roomOf(target) === 'engine' &&
    (other === floor || (floor === '' ? other === 'graph' : other === '' || (ENGINE[floor] ?? []).includes(other)))
  );
}

test(`no line is longer than ${MOST_COLUMNS} characters`, () => {
  const long = sources.map(({ path, text }) => ({ path, lines: text.split('\n').filter((line) => line.length > MOST_COLUMNS).length }));
  expect(long.filter(({ lines }) => lines > 0)).toEqual([]);
});
