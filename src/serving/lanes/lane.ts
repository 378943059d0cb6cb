import type { Text } from '../../data/texts/index.ts';
import type { Prediction } from '../../tasks/index.ts';

/** What is said of a text, as JSON. */
export type Answer = Prediction;

/** A model kept open, which classifies one batch at a time. */
export interface Lane {
  /**
   * An answer for each text, in their order. Throws a `data` error where the model cannot take one of the texts; any other error leaves
   * open which of them is to blame.
   */
  classify(texts: readonly Text[]): Promise<readonly Answer[]>;
  /** False where the model is gone and could not yet be opened again. */
  isReady(): boolean;
  /** Ends it; a batch that is at work is given up. */
  close(): Promise<void>;
}
