import { targetOf } from '../../../data/examples/index.ts';
import type { TaskColumns } from '../../task.ts';
import { sharesIn } from './shares.ts';

/** `target_<class>` with the probability of each, and the predictions of classes. A single cell is the name of a class, which has all. */
export function softColumns(classes: readonly string[], hard: TaskColumns): TaskColumns {
  return {
    ...hard,
    targets: classes.map((name) => `target_${name}`),
    targetCells: (targets) => (row) => [...targetOf(targets, row)],
    readTarget(cells) {
      const [only = '', second] = cells;
      if (second !== undefined) return sharesIn(cells);
      const label = classes.indexOf(only);
      return label === -1
        ? { what: 'the target', cell: only, instead: "one of the run's classes" }
        : classes.map((_, k) => (k === label ? 1 : 0));
    },
  };
}
