import type { LabelledExamples, Targets } from '../data/examples/index.ts';
import type { Figure } from '../core/page/figure.ts';
import type { Html } from '../core/page/html.ts';
import type { Predictions } from './predictions.ts';

/** Rows as the models judged them that had not seen them. */
export interface OutOfFold {
  readonly ids: readonly string[];
  readonly folds: Int32Array;
  readonly targets: Targets;
  readonly predictions: Predictions;
}

/** The training rows of a run, or why they are not here any more. */
export type TrainTexts = { readonly examples: LabelledExamples<unknown> } | { readonly missing: string };

/** How rows were judged, in the words of a page. */
export interface JudgedWords {
  /** After the name of a metric: `macro F1 out of fold`. */
  readonly where: string;
  /** Of the part of the page about them. */
  readonly title: string;
  /** A sentence. */
  readonly how: string;
}

export const OUT_OF_FOLD: JudgedWords = {
  where: 'out of fold',
  title: 'Out-of-fold predictions',
  how: 'Each row is judged by the one model that has not seen it.',
};

/** What a report has to go by. */
export interface ReportedRun {
  readonly words: JudgedWords;
  readonly outOfFold: OutOfFold;
  /** `oof/<metric>`; null or left out where one is undefined. */
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly texts: TrainTexts;
  /** Groups of the training rows, by position, with the same text and different targets. */
  readonly conflicts: readonly (readonly number[])[];
}

/** What the page of a run shows of its targets and predictions. */
export interface TaskReport {
  /** What the predictions have come to, as the end of a sentence after `out of fold, `. */
  readonly answer: string;
  /** Beside that of the monitored metric. */
  readonly tiles: readonly Html[];
  /** Whose interval it is that the tiles show, and of what; null where they show none. */
  readonly interval: { readonly whose: string; readonly of: string } | null;
  readonly figures: readonly Figure[];
  /** How the targets are distributed. */
  readonly targets: Html;
  /** The parts of the page about predictions; `show` gives a figure by its name. */
  sections(show: (figure: string) => Html | undefined): readonly ReportSection[];
  /** What the page shows the beginning of. */
  readonly tables: readonly ReportTable[];
}

export interface ReportSection {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export interface ReportTable {
  /** Name of its file: `confusion.csv`. */
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}
