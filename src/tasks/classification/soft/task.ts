import { valueAt } from '../../../core/values.ts';
import { rowCount, targetOf, type Targets } from '../../../data/examples/index.ts';
import type { Finding } from '../../../data/findings/index.ts';
import type { Predictions } from '../../predictions.ts';
import type { ReportedRun } from '../../report.ts';
import { classStrata } from '../../strata.ts';
import type { InspectedTargets, Metric, Task } from '../../task.ts';
import { conflictFindings } from '../findings/index.ts';
import { classTargets, labelsOf } from '../labels.ts';
import { classification, trainedBy } from '../task.ts';
import { softColumns } from './columns.ts';
import { softLogLoss } from './metrics.ts';

/**
 * Classes whose targets are probabilities, [rows, classes], as where several people have judged each text. The loss is held against these,
 * and so are the metrics `loss` and `log_loss`; all else takes the most probable class for that of the row, the first of equal ones.
 *
 * @param classes in the order of the columns that hold their probabilities
 */
export function softClassification(classes: readonly string[]): Task {
  const hard = classification(classes);
  const isBinary = classes.length === 2;
  const ofProbabilities = (metric: Metric): Metric => ({ ...metric, of: (targets, said) => softLogLoss(targets, said, classes.length) });
  const measuredBy = (metric: Metric): Metric =>
    metric.name === 'loss' || metric.name === 'log_loss'
      ? ofProbabilities(metric)
      : { ...metric, of: (targets, predictions) => metric.of(likeliest(targets), predictions) };
  const task: Task = {
    ...hard,
    description: { classes, soft: true },
    summary: `${classes.length} classes with probabilities`,
    encode(shares, into) {
      if (isBinary) into[0] = shares[1]!;
      else into.set(shares);
    },
    withLoss: (options, targets) => trainedBy(task, classes, options, targets, (shares) => shares),
    metrics: hard.metrics.map(measuredBy),
    metric(name) {
      const found = hard.metric(name);
      return found === undefined ? undefined : measuredBy(found);
    },
    undefinedMetrics: (watched, divided) => hard.undefinedMetrics(watched, { ...divided, targets: likeliest(divided.targets) }),
    strata: (targets) => classStrata(labelsOf(likeliest(targets)), classes, { mayBeRare: true }),
    conflicts: (all, conflicting, settling) => conflictFindings(all.texts, conflicting, settling, 'probabilities'),
    findings: (inspected) => hard.findings(hardened(inspected)).map(ofLikeliest),
    columns: softColumns(classes, hard.columns),
    baseline: (targets, rows) => meanShares(targets, isBinary, rows),
    right: (targets, predictions) => hard.right(likeliest(targets), predictions),
    report: (run) => hard.report(judgedByLikeliest(run)),
  };
  return task;
}

const likeliestOf = new WeakMap<Float64Array, Targets>();

/** The number of the most probable class of each row, [rows, 1]. */
export function likeliest({ width, values }: Targets): Targets {
  const known = likeliestOf.get(values);
  if (known !== undefined) return known;
  const labels = Int32Array.from({ length: values.length / width }, (_, row) => {
    let best = 0;
    for (let k = 1; k < width; k++) if (values[row * width + k]! > values[row * width + best]!) best = k;
    return best;
  });
  const found = classTargets(labels);
  likeliestOf.set(values, found);
  return found;
}

/** A row counts for its most probable class, which findings about numbers of rows say. */
function ofLikeliest(finding: Finding): Finding {
  const isOfRows = finding.code === 'class-balance' || finding.code === 'few-rows-of-class';
  return isOfRows ? { ...finding, message: `${finding.message} (a row counts for its most probable class)` } : finding;
}

function hardened(inspected: InspectedTargets): InspectedTargets {
  const { all, kept } = inspected;
  return { ...inspected, all: { ...all, targets: likeliest(all.targets) }, kept: { ...kept, targets: likeliest(kept.targets) } };
}

function judgedByLikeliest({ words, outOfFold, texts, conflicts, ...run }: ReportedRun): ReportedRun {
  const examples = 'examples' in texts ? { ...texts.examples, targets: likeliest(texts.examples.targets) } : undefined;
  const labels = examples?.targets.values;
  return {
    ...run,
    words: { ...words, how: `${words.how} Its class is the most probable one of its target.` },
    outOfFold: { ...outOfFold, targets: likeliest(outOfFold.targets) },
    texts: examples === undefined ? texts : { examples },
    conflicts: conflicts.filter((rows) => labels !== undefined && rows.some((row) => labels[row] !== labels[rows[0]!])),
  };
}

/** The mean of all rows' probabilities, for every row. */
function meanShares(targets: Targets, isBinary: boolean, rows: number): Predictions {
  const means = new Float64Array(targets.width);
  const count = rowCount(targets);
  for (let row = 0; row < count; row++) targetOf(targets, row).forEach((share, k) => (means[k]! += share / count));
  const own = isBinary ? means.subarray(1) : means;
  return { width: own.length, numbers: Float64Array.from({ length: rows * own.length }, (_, i) => valueAt(own, i % own.length)) };
}
