import type { Experiment } from '../config/index.ts';
import { OrtrainError, type Problem } from '../core/errors.ts';
import { classSizes } from '../data/example-rows.ts';
import { isOfTwoClasses } from '../data/metrics.ts';
import { quoted, quotedList } from '../data/problems.ts';

/** What is trained on, and the fold in which each row is validated. */
interface Divided {
  /** Positions in `classes`. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly foldOf: Int32Array;
}

/** A key of the configuration and the metric that it watches. */
interface Watched {
  readonly field: string;
  readonly monitor: string;
}

/** Throws a `data` error for each metric that the configuration watches and that is for two classes only, where there are more. */
export function throwIfUnmeasured(training: Experiment['training'], classes: number): void {
  if (classes <= 2) return;
  const problems = watchedBy(training).flatMap(({ field, monitor }): readonly Problem[] =>
    isOfTwoClasses(monitor)
      ? [{ message: `${field} is ${monitor}, which is measured for two classes only; the training rows have ${classes}`, field, suggestion: `${monitor}_macro` }]
      : [],
  );
  if (problems.length > 0) throw new OrtrainError('data', `the data have ${classes} classes, and the configuration watches a metric of two`, { problems });
}

/**
 * Throws a `data` error for each metric that the configuration watches and that says nothing in a fold which is trained: the area under
 * the ROC curve without rows of each class, and F1 without rows of the second of two classes.
 */
export function throwIfUndefined({ training, split }: Pick<Experiment, 'training' | 'split'>, divided: Divided): void {
  const folds = split.only ?? Array.from({ length: split.folds }, (_, fold) => fold);
  const lacking = { val: lackingClasses(divided, folds, true), train: lackingClasses(divided, folds, false) };
  const found = watchedBy(training).flatMap(({ field, monitor }) => {
    const [part, metric] = monitor.split('/');
    const places = (part === 'train' ? lacking.train : lacking.val).filter(({ classes }) => (metric === 'roc_auc' ? classes.length > 0 : metric === 'f1' && classes.includes(1)));
    return places.length === 0 ? [] : [{ field, monitor, isRows: part === 'train' ? 'training' : 'validation', places } as const];
  });
  if (found.length === 0) return;
  const problems = found.map(({ field, monitor, isRows, places }): Problem => {
    const says = monitor.endsWith('/f1') ? 'is 0 whatever the model predicts' : 'is not a number';
    const where = alike(places).map(({ folds: of, classes }) => {
      const shown = `${of.slice(0, MOST_NAMED).join(', ')}${of.length > MOST_NAMED ? ` and ${of.length - MOST_NAMED} more` : ''}`;
      const which = `the class${classes.length === 1 ? '' : 'es'} ${quotedList(classes.map((label) => divided.classes[label]!), MOST_NAMED)}`;
      return `in fold${of.length === 1 ? '' : 's'} ${shown}, whose ${isRows} rows have none of ${which}`;
    });
    const more = where.length > MOST_KINDS ? [`in ${where.length - MOST_KINDS} more ways`] : [];
    return { message: `${field} is ${monitor}, which ${says} ${[...where.slice(0, MOST_KINDS), ...more].join(', and ')}`, field };
  });
  const rarest = rowsOfRarest(divided);
  const remedy =
    rarest.rows < split.folds
      ? `The class ${quoted(divided.classes[rarest.label]!)} has too few rows (${rarest.rows}) for ${split.folds} folds: ${rarest.rows < 2 ? '' : 'lower split.folds, '}add rows, or watch another metric, such as val/f1_macro or val/loss.`
      : 'Let every fold have rows of every class, with split.strategy: stratified-kfold, split.shuffle: true, fewer folds or smaller groups; or watch another metric, such as val/f1_macro or val/loss.';
  throw new OrtrainError('data', 'the configuration watches a metric that some folds do not have', { problems, remedy });
}

/** As much as a person looks up. */
const MOST_KINDS = 3;
const MOST_NAMED = 10;

interface Lacking {
  readonly fold: number;
  readonly classes: readonly number[];
}

/** Folds that lack the same classes, together. */
function alike(places: readonly Lacking[]): readonly { readonly folds: readonly number[]; readonly classes: readonly number[] }[] {
  const byClasses = new Map<string, { readonly folds: number[]; readonly classes: readonly number[] }>();
  for (const { fold, classes } of places) {
    const known = byClasses.get(classes.join());
    if (known === undefined) byClasses.set(classes.join(), { folds: [fold], classes });
    else known.folds.push(fold);
  }
  return [...byClasses.values()];
}

function watchedBy({ best_model, early_stopping, schedule }: Experiment['training']): readonly Watched[] {
  return [
    { field: 'training.best_model.monitor', monitor: best_model.monitor },
    ...(early_stopping === null ? [] : [{ field: 'training.early_stopping.monitor', monitor: early_stopping.monitor }]),
    ...(schedule.name === 'reduce-on-plateau' ? [{ field: 'training.schedule.monitor', monitor: schedule.monitor }] : []),
  ];
}

/** The classes, by position, without a row among those that each fold validates, or trains on. */
function lackingClasses({ labels, classes, foldOf }: Divided, folds: readonly number[], isValidation: boolean): readonly Lacking[] {
  const total = classSizes(labels, classes.length);
  const ofFolds = new Map(folds.map((fold) => [fold, new Map<number, number>()]));
  labels.forEach((label, row) => {
    const rows = ofFolds.get(foldOf[row]!);
    rows?.set(label, (rows.get(label) ?? 0) + 1);
  });
  return folds.map((fold) => {
    const validated = ofFolds.get(fold)!;
    const isLacking = (label: number): boolean => (isValidation ? !validated.has(label) : validated.get(label) === total[label]);
    return { fold, classes: Array.from(classes.keys()).filter(isLacking) };
  });
}

function rowsOfRarest({ labels, classes }: Divided): { readonly label: number; readonly rows: number } {
  const rows = classSizes(labels, classes.length);
  const label = rows.reduce((rarest, count, each) => (count < rows[rarest]! ? each : rarest), 0);
  return { label, rows: rows[label]! };
}
