import { html, type Html } from '../../core/page/html.ts';
import { valueAt } from '../../core/values.ts';
import { segmentsOf, shownText, type Text } from '../../data/texts/index.ts';
import type { TrainTexts } from '../report.ts';

/** A text goes on in the table. */
const SHOWN_CHARACTERS = 600;

/** The texts of the training table by the ids of their rows, for a table; none where the training table is gone. */
export function textsById(texts: TrainTexts): ReadonlyMap<string, string> {
  return 'examples' in texts
    ? new Map(texts.examples.ids.map((id, row) => [id, shownText(valueAt(texts.examples.texts, row))]))
    : new Map();
}

/** A text as a page shows it, each segment by itself, and as much of it as a person reads. */
export function shownSegments(text: Text): readonly Html[] {
  return segmentsOf(text).map((segment) => html`<p class="text" dir="auto">${beginning(segment)}</p>`);
}

/** The rows of the training table by their ids; none where it is gone. */
export function rowsById(texts: TrainTexts): ReadonlyMap<string, Text> {
  return 'examples' in texts ? new Map(texts.examples.ids.map((id, row) => [id, valueAt(texts.examples.texts, row)])) : new Map();
}

function beginning(text: string): string {
  const characters = [...text];
  return characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')} …` : text;
}
