import { valueAt } from '../../../core/values.ts';
import { html, type Html } from '../../../core/page/html.ts';
import { count, metric, plural } from '../../../core/text.ts';
import { targetsAt, type LabelledExamples } from '../../../data/examples/index.ts';
import { shownSegments, textCells } from '../../figures/mistakes.ts';
import type { ReportedRun, ReportTable, TrainTexts } from '../../report.ts';
import { labelsOf } from '../labels.ts';
import type { JudgedClasses } from './judged-classes.ts';

/** A row that is predicted wrongly. */
export interface Mistake {
  /** Position in the out-of-fold predictions. */
  readonly row: number;
  /** The probability of the class that was predicted. */
  readonly confidence: number;
}

/** Mistakes of one kind: rows of a class that are predicted as another. */
export interface Confused {
  readonly truth: number;
  readonly prediction: number;
  /** The most confident first. */
  readonly mistakes: readonly Mistake[];
}

/** As many mistakes and pairs of classes as a person reads. */
const SHOWN = 100;
const SHOWN_PAIRS = 20;

/** Where all mistakes stand, beside the figures. */
export const MISTAKES_TABLE = 'mistakes.csv';

/** All mistakes, the most confident first. */
export function mistakesOf({ classes, labels, predictions, probabilities }: JudgedClasses): readonly Mistake[] {
  const confidence = (row: number): number => {
    const label = valueAt(predictions, row);
    if (classes.length > 2) return valueAt(probabilities, row * classes.length + label);
    return label === 1 ? valueAt(probabilities, row) : 1 - valueAt(probabilities, row);
  };
  return [...labels.keys()]
    .filter((row) => labels[row] !== predictions[row])
    .map((row) => ({ row, confidence: confidence(row) }))
    .sort((a, b) => b.confidence - a.confidence || a.row - b.row);
}

/** Mistakes by pair of true and predicted class, the most frequent pair first. */
export function confusedPairs({ classes, labels, predictions }: JudgedClasses, mistakes: readonly Mistake[]): readonly Confused[] {
  const pairs = new Map<number, { readonly truth: number; readonly prediction: number; readonly mistakes: Mistake[] }>();
  for (const mistake of mistakes) {
    const [truth, prediction] = [valueAt(labels, mistake.row), valueAt(predictions, mistake.row)];
    const pair = pairs.get(truth * classes.length + prediction);
    if (pair === undefined) pairs.set(truth * classes.length + prediction, { truth, prediction, mistakes: [mistake] });
    else pair.mistakes.push(mistake);
  }
  return [...pairs.values()].sort((a, b) => b.mistakes.length - a.mistakes.length || a.truth - b.truth || a.prediction - b.prediction);
}

/** Every mistake for a table: `id,fold,target,prediction,probability` and the text. Texts are empty where the training table is gone. */
export function mistakesTable(judged: JudgedClasses, texts: TrainTexts): ReportTable {
  const { classes, ids, folds } = judged;
  const cells = textCells(texts);
  const classIn = (labels: Int32Array, row: number): string => valueAt(classes, valueAt(labels, row));
  const rows = mistakesOf(judged).map(({ row, confidence }) => {
    const id = valueAt(ids, row);
    const [target, prediction] = [classIn(judged.labels, row), classIn(judged.predictions, row)];
    return [id, valueAt(folds, row), target, prediction, confidence, ...cells.of(id)];
  });
  return { file: MISTAKES_TABLE, columns: ['id', 'fold', 'target', 'prediction', 'probability', ...cells.columns], rows };
}

/** The most confident mistakes of each pair of classes with their texts, and other rows with the same text that have another class. */
export function mistakesSection(judged: JudgedClasses, texts: TrainTexts, conflicts: ReportedRun['conflicts']): Html {
  const { classes, ids, folds } = judged;
  const mistakes = mistakesOf(judged);
  const pairs = confusedPairs(judged, mistakes);
  const examples = 'examples' in texts ? texts.examples : undefined;
  const tableRow = new Map(examples?.ids.map((id, row) => [id, row]));
  const groupOf = new Map(conflicts.flatMap((rows) => rows.map((row) => [row, rows] as const)));
  const item = ({ row, confidence }: Mistake): Html => {
    const id = valueAt(ids, row);
    const at = tableRow.get(id);
    return html`<li>
<p class="what"><span>${metric(confidence)}</span><span>id ${id}</span><span>fold ${folds[row]}</span></p>
${at !== undefined && examples !== undefined && shownSegments(valueAt(examples.texts, at))}
${at !== undefined && examples !== undefined && sameText(at, groupOf.get(at), examples, classes)}</li>
`;
  };
  const shown = pairs.slice(0, SHOWN_PAIRS);
  const each = Math.floor(SHOWN / Math.max(1, shown.length));
  const isAll = pairs.length === shown.length && shown.every((pair) => pair.mistakes.length <= each);
  const pairTitle = ({ truth, prediction, mistakes: { length } }: Confused): Html =>
    html`true <b>${classes[truth]}</b>, predicted <b>${classes[prediction]}</b>: ${plural(length, 'row')}${
      length > each && html`, the ${each} most confident`
    }`;
  const most = pairs.length > shown.length ? `; these are the ${shown.length} most frequent pairs` : '';
  const total = `${plural(mistakes.length, 'row')} of ${count(ids.length)} ${mistakes.length === 1 ? 'is' : 'are'} predicted wrongly`;
  return html`<p>${total}, in ${plural(pairs.length, 'pair')} of classes${most}. ${
    'The number is the probability that the model gave to the class it predicted.'
  }${!isAll && html` All mistakes are in <code>figures/${MISTAKES_TABLE}</code>.`}</p>
${'missing' in texts && html`<p>${texts.missing}</p>`}
${examples !== undefined && html`<p class="muted small">${conflictSummary(conflicts)}</p>`}
${shown.map((pair) => html`<h3>${pairTitle(pair)}</h3>
<ol class="mistakes">${pair.mistakes.slice(0, each).map(item)}</ol>
`)}`;
}

function conflictSummary(conflicts: readonly (readonly number[])[]): string {
  if (conflicts.length === 0) return 'No text occurs with different classes.';
  const rows = conflicts.reduce((sum, group) => sum + group.length, 0);
  return (
    `${plural(conflicts.length, 'text')} ${conflicts.length === 1 ? 'occurs' : 'occur'} with different classes, in ${count(rows)} ` +
    'rows: no model can be right on all of them. Letter case, spaces and addresses do not count as a difference.'
  );
}

function sameText(
  row: number,
  group: readonly number[] | undefined,
  { ids, targets }: LabelledExamples<unknown>,
  classes: readonly string[],
): Html | false {
  if (group === undefined) return false;
  const labels = labelsOf(targetsAt(targets, group));
  const others = group.flatMap((other, i) =>
    other === row ? [] : [`id ${valueAt(ids, other)} (${valueAt(classes, valueAt(labels, i))})`],
  );
  const more = others.length > 8 ? ` and ${others.length - 8} more` : '';
  return html`<p class="conflict">The same text has different classes: ${others.slice(0, 8).join(', ')}${more}.</p>`;
}
