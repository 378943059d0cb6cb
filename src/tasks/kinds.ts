import type { Experiment } from '../config/index.ts';
import { both, count, flag, list, number, object, oneOf, optional, primitive, text, type Shape, type ShapeOf } from '../core/shapes.ts';
import type { TargetReader } from '../data/examples/index.ts';
import { classReader } from './classification/reader.ts';
import { softClassification } from './classification/soft/task.ts';
import { classification } from './classification/task.ts';
import type { Labels } from './multi-label/cells.ts';
import { labelReader } from './multi-label/reader.ts';
import { multiLabel } from './multi-label/task.ts';
import type { Grades } from './ordinal/grades.ts';
import { gradeReader } from './ordinal/reader.ts';
import { ordinal } from './ordinal/task.ts';
import { numberReader } from './regression/reader.ts';
import { regression, type RegressionOptions } from './regression/task.ts';
import type { TaskName } from './prediction-objects.ts';
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
const kinds: Readonly<Record<TaskName, TaskKind>> = {
  classification: {
    reader: () => classReader,
    shape: object({ classes: both(list(text), atLeast(2, 'two classes or more')), soft: optional(flag) }),
    open: ({ classes, soft = false }) =>
      (soft === true ? softClassification : classification)(classes as readonly string[]), // the shape says so
  },
  'multi-label': {
    reader: ({ label_separator: separator = null, missing = [] }) => labelReader({ separator, missing }),
    shape: object({ labels: both(list(text), atLeast(1, 'one label or more')), separator: optional(text), masked: optional(flag) }),
    open: (description) => {
      const { labels, separator = null, masked = false } = description as unknown as Partial<Labels> & Pick<Labels, 'labels'>;
      return multiLabel({ labels, separator, masked }); // the shape says so
    },
  },
  ordinal: {
    reader: ({ task }) => {
      const { grades = null, link = 'coral' } = task?.name === 'ordinal' ? task : {};
      return gradeReader({ grades: grades?.map(String) ?? null, link });
    },
    shape: both(
      object({
        grades: both(list(text), atLeast(2, 'two grades or more')),
        counts: list(count),
        link: optional(oneOf('coral', 'cumulative')),
      }),
      ((description: Grades, place) =>
        description.counts.length === description.grades.length ? undefined : `${place}.counts is not a number for each grade`) as Shape,
    ),
    open: (description) => {
      const { grades, counts, link = 'coral' } = description as unknown as Partial<Grades> & Omit<Grades, 'link'>;
      return ordinal({ grades, counts, link }); // the shape says so
    },
  },
  regression: {
    reader: ({ missing }) => numberReader(missing),
    shape: both(
      object({ columns: list(text), mean: list(number), sd: list(above0), partial: optional(flag), bounded: optional(flag) }),
      primitive('one mean and one deviation for each column', (value) => {
        const { columns, mean, sd } = value as RegressionOptions;
        return columns.length > 0 && columns.length === mean.length && columns.length === sd.length;
      }),
    ),
    open: ({ columns, mean, sd, partial = false, bounded = false }) =>
      regression({ columns, mean, sd, partial, bounded } as RegressionOptions), // the shape says so
  },
};

function atLeast(most: number, phrase: string): Shape {
  return primitive(phrase, (value) => (value as readonly string[]).length >= most);
}

const USUAL = 'classification';

/** How the targets of a training table are read. */
export function targetReader(options: TargetOptions = {}): TargetReader<Task> {
  return kinds[options.task?.name ?? USUAL].reader(options);
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

/** The kind of task that a description is of, one in which `taskProblem` finds nothing. */
export function taskName(description: TaskDescription): TaskName {
  return (description['task'] ?? USUAL) as TaskName; // `taskProblem` has looked
}

function kindOf({ task = USUAL }: TaskDescription): TaskKind | undefined {
  return typeof task === 'string' && Object.hasOwn(kinds, task) ? kinds[task as TaskName] : undefined;
}
