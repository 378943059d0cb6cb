import { count, metric, plural } from '../../core/text.ts';
import type { LabelledExamples } from '../../data/examples.ts';
import type { OutOfFold } from '../run-files.ts';
import { html, type Html } from './html.ts';
import type { RunStory } from './run-story.ts';

/** A row that is predicted wrongly. */
export interface Mistake {
  /** Position in the out-of-fold predictions. */
  readonly row: number;
  /** The probability of the class that was predicted. */
  readonly confidence: number;
}

/** As many as a person reads. */
const SHOWN = 100;
/** A text goes on in the table. */
const SHOWN_CHARACTERS = 600;

/** All mistakes, the most confident first. */
export function mistakesOf({ labels, predictions, probabilities }: OutOfFold, classes: number): readonly Mistake[] {
  const confidence = (row: number): number => {
    const label = predictions[row]!;
    if (classes > 2) return probabilities[row * classes + label]!;
    return label === 1 ? probabilities[row]! : 1 - probabilities[row]!;
  };
  return [...labels.keys()]
    .filter((row) => labels[row] !== predictions[row])
    .map((row) => ({ row, confidence: confidence(row) }))
    .sort((a, b) => b.confidence - a.confidence || a.row - b.row);
}

/** The most confident mistakes with their texts, and other rows with the same text that have another class. */
export function mistakesSection({ run, texts, conflicts }: RunStory): Html {
  const { outOfFold, metrics } = run;
  const mistakes = mistakesOf(outOfFold, metrics.classes.length);
  const examples = 'examples' in texts ? texts.examples : undefined;
  const tableRow = new Map(examples?.ids.map((id, row) => [id, row]));
  const groupOf = new Map(conflicts.flatMap((rows) => rows.map((row) => [row, rows] as const)));
  const item = ({ row, confidence }: Mistake): Html => {
    const id = outOfFold.ids[row] ?? '';
    const at = tableRow.get(id);
    return html`<li>
<p class="what"><span>true <b>${metrics.classes[outOfFold.labels[row]!]}</b></span><span>predicted <b>${metrics.classes[outOfFold.predictions[row]!]}</b></span><span>${metric(confidence)}</span><span>id ${id}</span><span>fold ${outOfFold.folds[row]}</span></p>
${at !== undefined && html`<p class="text" dir="auto">${shortened(examples?.texts[at] ?? '')}</p>`}
${at !== undefined && examples !== undefined && sameText(at, groupOf.get(at), examples)}</li>
`;
  };
  const shown = mistakes.slice(0, SHOWN);
  return html`<p>${plural(mistakes.length, 'row')} of ${count(outOfFold.ids.length)} are predicted wrongly${mistakes.length > SHOWN && html`; these are the ${SHOWN} most confident ones`}. The number is the probability that the model gave to the class it predicted.</p>
${'missing' in texts && html`<p>${texts.missing}</p>`}
${examples !== undefined && html`<p class="muted small">${conflictSummary(conflicts)}</p>`}
<ol class="mistakes">${shown.map(item)}</ol>`;
}

function conflictSummary(conflicts: readonly (readonly number[])[]): string {
  if (conflicts.length === 0) return 'No text occurs with different classes.';
  const rows = conflicts.reduce((sum, group) => sum + group.length, 0);
  return `${plural(conflicts.length, 'text')} ${conflicts.length === 1 ? 'occurs' : 'occur'} with different classes, in ${count(rows)} rows: no model can be right on all of them. Letter case, spaces and addresses do not count as a difference.`;
}

function sameText(row: number, group: readonly number[] | undefined, { ids, labels, classes }: LabelledExamples): Html | false {
  if (group === undefined) return false;
  const others = group.filter((other) => other !== row).map((other) => `id ${ids[other] ?? ''} (${classes[labels[other]!] ?? ''})`);
  return html`<p class="conflict">The same text has different classes: ${others.slice(0, 8).join(', ')}${others.length > 8 && ` and ${others.length - 8} more`}.</p>`;
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')} …` : text;
}
