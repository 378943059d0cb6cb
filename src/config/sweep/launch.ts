import type { Problem } from '../../core/errors.ts';
import {
  choice, integer, list, nullable, object, orAuto, text, type Json, type Schema, type SchemaNode, type Value,
} from '../schema/schema.ts';
import { plain, problemAt, subtree, type MapTree } from '../yaml/tree.ts';

/** Who does the jobs of a sweep. */
export type Launch = Value<typeof launchDefinition>;

type Engine = Launch['engine'];

/** A value of whatever kind, up to three levels deep: a library of somebody else reads it. */
const anything = ((levels: number): SchemaNode => {
  const node = (left: number): SchemaNode => ({
    type: ['string', 'number', 'boolean', 'array', 'object', 'null'],
    ...(left === 0 ? {} : { items: node(left - 1), additionalProperties: node(left - 1) }),
  });
  return node(levels);
})(3);

const mapOf = <T>(values: SchemaNode, about: Pick<SchemaNode, 'description' | 'examples'>): Schema<Readonly<Record<string, T>>> => ({
  type: 'object',
  additionalProperties: values,
  default: {},
  ...about,
});

export const launchDefinition = object('Who does the jobs of the sweep: this process, or workers that an engine starts.', {
  engine: choice(['none', 'local', 'slurm', 'ray'], {
    default: 'none',
    description:
      'none: this process alone; local: processes of this machine; slurm: an array of jobs of Slurm; ray: jobs of Ray. docs/clusters.md ' +
      'shows each.',
  }),
  workers: integer({ default: 2, examples: [8], minimum: 1, maximum: 10_000, description: 'How many workers are started.' }),
  threads: orAuto(
    integer({
      examples: [8],
      minimum: 1,
      maximum: 1024,
      description:
        'Threads of the CPU that a worker may use, and of each job whose experiment leaves resources.threads to auto. auto: this ' +
        'machine\'s, divided among the workers (local), or 4 (slurm, ray).',
    }),
  ),
  idle: integer({
    default: 300,
    examples: [60],
    minimum: 1,
    maximum: 1_000_000,
    description: 'Seconds after which a worker ends that finds no job.',
  }),
  command: nullable(
    text({
      examples: ['npx ortrain'],
      description: 'How a shell starts ortrain where the workers are; null: by the path of this installation.',
    }),
  ),
  partition: nullable(text({ examples: ['gpu'], description: 'slurm: the partition.' })),
  time: nullable(text({ examples: ['08:00:00'], description: 'slurm: how long a worker may run.' })),
  memory: nullable(text({ examples: ['16G'], description: 'slurm: memory of a worker.' })),
  gres: nullable(text({ examples: ['gpu:1'], description: 'slurm: generic resources of a worker.' })),
  account: nullable(text({ examples: ['nlp'], description: 'slurm: the account that is charged.' })),
  options: list(text({ description: 'An option.' }), {
    default: [],
    examples: [['--constraint=a100']],
    description: 'slurm: further options of sbatch.',
  }),
  prologue: list(text({ description: 'A line.' }), {
    default: [],
    examples: [['module load node/20']],
    description: "slurm: lines of the shell before the worker's.",
  }),
  address: nullable(
    text({
      examples: ['http://10.0.0.5:8265'],
      description: "ray: the address of the dashboard; null: the variable RAY_ADDRESS, else this machine's.",
    }),
  ),
  runtime_env: mapOf<Json>(anything, {
    examples: [{ env_vars: { HF_HOME: '/shared/hf' } }],
    description: "ray: the workers' runtime environment, as Ray documents it.",
  }),
  resources: mapOf<number>(
    { type: 'number', minimum: 0 },
    {
      examples: [{ GPU: 1 }],
      description: 'ray: what a worker takes besides its threads: GPU, memory in bytes, and resources of the cluster by their names.',
    },
  ),
});

const KEYS: Readonly<Record<Engine, readonly string[]>> = {
  none: ['engine'],
  local: ['engine', 'workers', 'threads', 'idle', 'command'],
  slurm: ['engine', 'workers', 'threads', 'idle', 'command', 'partition', 'time', 'memory', 'gres', 'account', 'options', 'prologue'],
  ray: ['engine', 'workers', 'threads', 'idle', 'command', 'address', 'runtime_env', 'resources'],
};

/** Keys that one engine alone has use for. */
const OWN: Readonly<Record<string, Engine>> = Object.fromEntries(
  (['slurm', 'ray'] as const).flatMap((engine) => KEYS[engine].filter((key) => !KEYS.local.includes(key)).map((key) => [key, engine])),
);

/** Keys of one engine beside the name of another. Beside none they wait for `--launch`. */
export function launchProblems(tree: MapTree): readonly Problem[] {
  const launch = subtree(tree, ['launch']);
  if (launch?.kind !== 'map') return [];
  const given = launch.entries.get('engine')?.value;
  const engine = given === undefined ? 'none' : plain(given);
  if (engine === 'none') return [];
  return [...launch.entries].flatMap(([key, { key: place }]): readonly Problem[] => {
    const owner = OWN[key];
    if (owner === undefined || owner === engine) return [];
    return [problemAt(place, ['launch', key], `launch.${key} is for the engine ${owner}, but launch.engine is ${String(engine)}`)];
  });
}

/** What a command says over `launch` of a sweep's file. */
export interface LaunchChange {
  /** What starts workers; `none`: the sweep runs in this process. */
  readonly engine?: Engine;
  /** How many are started. */
  readonly workers?: number;
}

/** The launch of a sweep's file under what a command says. */
export function launchOf(launch: Launch, change: LaunchChange): Launch {
  return { ...launch, ...change };
}
