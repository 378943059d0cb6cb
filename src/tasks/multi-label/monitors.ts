import { lookup, valueAt } from '../../core/values.ts';
import { bareMetric } from '../../config/index.ts';
import type { Problem } from '../../core/errors.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import type { Divided, Refused, Watched } from '../task.ts';
import { labelSizes, type LabelSize } from './cells.ts';

/** The area under the ROC curve needs rows with and without each label, average precision rows with it. */
export function undefinedLabelMetrics(watched: readonly Watched[], divided: Divided, labels: readonly string[]): Refused | undefined {
  const problems = watched.flatMap(({ field, monitor }): readonly Problem[] => {
    const lacks = NEEDS.get(bareMetric(monitor));
    if (lacks === undefined) return [];
    const isTraining = monitor.startsWith('train/');
    const places = partsOf(divided, isTraining).flatMap(({ fold, sizes }) => {
      const lacking = lacks(sizes);
      return lacking === undefined ? [] : [{ fold, lacking }];
    });
    const where = places.slice(0, MOST_FOLDS).map(({ fold, lacking: { positive, negative } }) => {
      const without = [...(positive.length === 0 ? [] : [`no row with ${named(labels, positive)}`]),
        ...(negative.length === 0 ? [] : [`no row without ${named(labels, negative)}`])];
      return `in fold ${fold}, whose ${isTraining ? 'training' : 'validation'} rows have ${without.join(' and ')}`;
    });
    if (places.length > MOST_FOLDS) where.push(`in ${places.length - MOST_FOLDS} more folds`);
    return places.length === 0 ? [] : [{ message: `${field} is ${monitor}, which is not a number ${where.join(', and ')}`, field }];
  });
  return problems.length === 0 ? undefined : { problems, remedy: remedyFor(divided, labels) };
}

/** Labels, by their numbers, that no row has, or that no row is without. */
interface Lacking {
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/** What a metric lacks among some rows; undefined where it lacks nothing. */
type Lacks = (sizes: readonly LabelSize[]) => Lacking | undefined;

const NEEDS: ReadonlyMap<string, Lacks> = new Map<string, Lacks>([
  ['roc_auc', (sizes) => lacking(sizes, ['positive', 'negative'])],
  ['average_precision', (sizes) => lacking(sizes, ['positive'])],
  ['roc_auc_micro', (sizes) => {
    const isVaried = sizes.some(({ positive }) => positive > 0) && sizes.some(({ negative }) => negative > 0);
    return isVaried ? undefined : lacking(sizes, ['positive', 'negative']);
  }],
]);

function lacking(sizes: readonly LabelSize[], kinds: readonly ('positive' | 'negative')[]): Lacking | undefined {
  const of = (kind: 'positive' | 'negative'): readonly number[] =>
    kinds.includes(kind) ? sizes.flatMap((size, label) => (size[kind] === 0 ? [label] : [])) : [];
  const found = { positive: of('positive'), negative: of('negative') };
  return found.positive.length + found.negative.length === 0 ? undefined : found;
}

/** As much as a person looks up. */
const MOST_FOLDS = 3;
const MOST_LABELS = 6;

function named(labels: readonly string[], numbers: readonly number[]): string {
  return `the label${numbers.length === 1 ? '' : 's'} ${quotedList(numbers.map((label) => valueAt(labels, label)), MOST_LABELS)}`;
}

/** The labels of the rows that each fold validates, or trains on. */
function partsOf({ targets, foldOf, trained }: Divided, isTraining: boolean): readonly { fold: number; sizes: readonly LabelSize[] }[] {
  const rowsOf = new Map(trained.map((fold) => [fold, [] as number[]]));
  foldOf.forEach((of, row) => trained.forEach((fold) => ((fold === of) !== isTraining ? lookup(rowsOf, fold).push(row) : 0)));
  return trained.map((fold) => ({ fold, sizes: labelSizes(targets, lookup(rowsOf, fold)) }));
}

function remedyFor({ targets, folds }: Divided, labels: readonly string[]): string {
  const sizes = labelSizes(targets);
  const fewest = ({ positive, negative }: LabelSize): number => Math.min(positive, negative);
  const rarest = sizes.reduce((least, size, label) => (fewest(size) < fewest(valueAt(sizes, least)) ? label : least), 0);
  const size = valueAt(sizes, rarest);
  const other = 'watch another metric, such as val/roc_auc_micro, val/f1_micro or val/loss.';
  if (fewest(size) === 0) {
    const how = size.positive === 0 ? 'occurs in no row' : 'occurs in every row';
    return `The label ${quoted(valueAt(labels, rarest))} ${how}: take it out of data.target, or ${other}`;
  }
  if (fewest(size) < folds) {
    const lower = fewest(size) < 2 ? '' : 'lower split.folds, ';
    const which = size.positive <= size.negative ? 'with' : 'without';
    const few = `Too few rows (${fewest(size)}) are ${which} the label ${quoted(valueAt(labels, rarest))} for ${folds} folds`;
    return `${few}: ${lower}add rows, or ${other}`;
  }
  return (
    'Let every fold have rows with and without each label, with split.strategy: multilabel-stratified-kfold, fewer folds or smaller ' +
    `groups; or ${other}`
  );
}
