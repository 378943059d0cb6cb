import type { Experiment } from '../config/index.ts';
import { both, flag, list, number, object, optional, primitive, text, type Shape, type ShapeOf } from '../core/shapes.ts';
import { OrtrainError } from '../core/errors.ts';
import type { TargetReader } from '../data/examples/index.ts';
import { classReader } from './classification/reader.ts';
import { classification } from './classification/task.ts';
import { numberReader } from './regression/reader.ts';
import { regression, type RegressionOptions } from './regression/task.ts';
import type { Task, TaskDescription } from './task.ts';

/** What a configuration says about the targets besides their columns; what it leaves out is the default. */
export interface TargetOptions extends Partial<Pick<Experiment['data'], 'label_separator' | 'missing'>> {
  readonly task?: Experiment['task'];
}

/** A kind of task: how its targets are read, and how the task of a description is made. */
interface TaskKind {
  reader(options: TargetOptions): TargetReader<Task>;
  /** Of a description. */
  readonly shape: Shape;
  open(description: TaskDescription): Task;
}

const above0: ShapeOf<number> = both(number, primitive('a number above 0', (value) => Number(value) > 0));

/** Every kind of task. A description without the name of one is of a classification, as all were when there was no other. */
const kinds: Readonly<Record<string, TaskKind>> = {
  classification: {
    reader: () => classReader,
    shape: object({ classes: both(list(text), primitive('two classes or more', (value) => (value as readonly string[]).length > 1)) }),
    open: ({ classes }) => classification(classes as readonly string[]), // the shape says so
  },
  regression: {
    reader: ({ missing }) => numberReader(missing),
    shape: both(
      object({ columns: list(text), mean: list(number), sd: list(above0), partial: optional(flag) }),
      primitive('one mean and one deviation for each column', (value) => {
        const { columns, mean, sd } = value as RegressionOptions;
        return columns.length > 0 && columns.length === mean.length && columns.length === sd.length;
      }),
    ),
    open: ({ columns, mean, sd, partial = false }) => regression({ columns, mean, sd, partial } as RegressionOptions), // the shape says so
  },
};

const USUAL = 'classification';

/** How the targets of a training table are read. */
export function targetReader(options: TargetOptions = {}): TargetReader<Task> {
  const { name } = options.task ?? { name: USUAL };
  const kind = kinds[name];
  if (kind === undefined) throw new OrtrainError('config', `the task ${name} is not built yet`);
  return kind.reader(options);
}

/** What is wrong with a description, beginning with its place; undefined where nothing is. */
export function taskProblem(description: TaskDescription, place: string): string | undefined {
  const kind = kindOf(description);
  return kind === undefined ? `${place}.task is not the name of a task` : kind.shape(description, place);
}

/** The task of a description in which `taskProblem` finds nothing. */
export function openTask(description: TaskDescription): Task {
  const kind = kindOf(description);
  if (kind === undefined) throw new Error(`there is no task ${String(description['task'])}`);
  return kind.open(description);
}

function kindOf({ task = USUAL }: TaskDescription): TaskKind | undefined {
  return typeof task === 'string' && Object.hasOwn(kinds, task) ? kinds[task] : undefined;
}
