import { both, list, object, primitive, text, type Shape } from '../core/shapes.ts';
import type { TargetReader } from '../data/examples/index.ts';
import { classReader } from './classification/reader.ts';
import { classification } from './classification/task.ts';
import type { Task, TaskDescription } from './task.ts';

/** A kind of task: how its targets are read, and how the task of a description is made. */
interface TaskKind {
  readonly reader: TargetReader<Task>;
  /** Of a description. */
  readonly shape: Shape;
  open(description: TaskDescription): Task;
}

/** Every kind of task. A description without the name of one is of a classification, as all were when there was no other. */
const kinds: Readonly<Record<string, TaskKind>> = {
  classification: {
    reader: classReader,
    shape: object({ classes: both(list(text), primitive('two classes or more', (value) => (value as readonly string[]).length > 1)) }),
    open: ({ classes }) => classification(classes as readonly string[]), // the shape says so
  },
};

const USUAL = 'classification';

/** How the targets of a training table are read. */
export function targetReader(): TargetReader<Task> {
  return kinds[USUAL]!.reader;
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
