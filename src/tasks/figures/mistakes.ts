import { html, type Html } from '../../core/page/html.ts';
import { valueAt } from '../../core/values.ts';
import { segmentsOf, type Text } from '../../data/texts/index.ts';
import type { TrainTexts } from '../report.ts';

/** A text goes on in the table. */
const SHOWN_CHARACTERS = 600;

/** Columns of a table that hold the texts of rows. */
export interface TextCells {
  /** `text`, and for pairs `text_1` and `text_2`. */
  readonly columns: readonly string[];
  /** By the id of a row; empty where the training table is gone. */
  of(id: string): readonly string[];
}

export function textCells(texts: TrainTexts): TextCells {
  const rows = rowsById(texts);
  const [first = ''] = rows.values();
  const columns = segmentsOf(first).length === 1 ? ['text'] : ['text_1', 'text_2'];
  return {
    columns,
    of(id) {
      const text = rows.get(id);
      return text === undefined ? columns.map(() => '') : segmentsOf(text);
    },
  };
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
