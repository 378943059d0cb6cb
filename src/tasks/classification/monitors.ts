import { countUp, lookup, valueAt } from '../../core/values.ts';
import { bareMetric } from '../../config/index.ts';
import type { Problem } from '../../core/errors.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import type { Divided, Refused, Watched } from '../task.ts';
import { classSizes } from '../metrics/confusion.ts';

interface DividedClasses extends Pick<Divided, 'foldOf' | 'folds' | 'trained'> {
  /** Positions in `classes`. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

/** Curves say nothing without rows of each class, F1 without rows of the second of two, and agreement without two classes. */
export function undefinedClassMetrics(watched: readonly Watched[], divided: DividedClasses): Refused | undefined {
  const lacking = { val: lackingClasses(divided, true), train: lackingClasses(divided, false) };
  const found = watched.flatMap(({ field, monitor }) => {
    const [part, metric] = [monitor.split('/')[0], bareMetric(monitor)];
    const isVoid = SAYS_NOTHING.get(metric);
    const ofPart = part === 'train' ? lacking.train : lacking.val;
    const places = ofPart.filter(({ classes }) => isVoid?.(classes, divided.classes.length) === true);
    return places.length === 0 ? [] : [{ field, monitor, isRows: part === 'train' ? 'training' : 'validation', places } as const];
  });
  if (found.length === 0) return undefined;
  const problems = found.map(({ field, monitor, isRows, places }): Problem => {
    const says = ZERO.has(bareMetric(monitor)) ? 'is 0 whatever the model predicts' : 'is not a number';
    const where = alike(places).map(({ folds: of, classes }) => {
      const shown = `${of.slice(0, MOST_NAMED).join(', ')}${of.length > MOST_NAMED ? ` and ${of.length - MOST_NAMED} more` : ''}`;
      const which = `the class${classes.length === 1 ? '' : 'es'} ${quotedList(
        classes.map((label) => valueAt(divided.classes, label)),
        MOST_NAMED,
      )}`;
      return `in fold${of.length === 1 ? '' : 's'} ${shown}, whose ${isRows} rows have none of ${which}`;
    });
    const more = where.length > MOST_KINDS ? [`in ${where.length - MOST_KINDS} more ways`] : [];
    return { message: `${field} is ${monitor}, which ${says} ${[...where.slice(0, MOST_KINDS), ...more].join(', and ')}`, field };
  });
  const { folds } = divided;
  const rarest = rowsOfRarest(divided);
  const remedy =
    rarest.rows < folds
      ? `The class ${quoted(valueAt(divided.classes, rarest.label))} has too few rows (${rarest.rows}) for ${folds} folds: ` +
        `${rarest.rows < 2 ? '' : 'lower split.folds, '}add rows, or watch another metric, such as val/f1_macro or val/loss.`
      : 'Let every fold have rows of every class, with split.strategy: stratified-kfold, split.shuffle: true, fewer folds or smaller ' +
        'groups; or watch another metric, such as val/f1_macro or val/loss.';
  return { problems, remedy };
}

/** Whether a metric says nothing where these classes are missing, of as many as there are. */
type SaysNothing = (missing: readonly number[], classes: number) => boolean;

const SAYS_NOTHING: ReadonlyMap<string, SaysNothing> = new Map<string, SaysNothing>([
  ['roc_auc', (missing) => missing.length > 0],
  ['average_precision', (missing, classes) => (classes === 2 ? missing.includes(1) : missing.length > 0)],
  ['f1', (missing) => missing.includes(1)],
  ['mcc', (missing, classes) => missing.length >= classes - 1],
  ['kappa', (missing, classes) => missing.length >= classes - 1],
]);

/** Such metrics then have a value all the same; kappa has none where everything is predicted as the one class, too. */
const ZERO = new Set(['f1', 'mcc', 'kappa']);

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

/** The classes, by position, without a row among those that each fold validates, or trains on. */
function lackingClasses({ labels, classes, foldOf, trained }: DividedClasses, isValidation: boolean): readonly Lacking[] {
  const total = classSizes(labels, classes.length);
  const ofFolds = new Map(trained.map((fold) => [fold, new Map<number, number>()]));
  labels.forEach((label, row) => {
    const rows = ofFolds.get(valueAt(foldOf, row));
    if (rows !== undefined) countUp(rows, label);
  });
  return trained.map((fold) => {
    const validated = lookup(ofFolds, fold);
    const isLacking = (label: number): boolean => (isValidation ? !validated.has(label) : validated.get(label) === total[label]);
    return { fold, classes: Array.from(classes.keys()).filter(isLacking) };
  });
}

function rowsOfRarest({ labels, classes }: DividedClasses): { readonly label: number; readonly rows: number } {
  const rows = classSizes(labels, classes.length);
  const label = rows.reduce((rarest, count, each) => (count < valueAt(rows, rarest) ? each : rarest), 0);
  return { label, rows: valueAt(rows, label) };
}
