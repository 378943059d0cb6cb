import type { Precision } from '../../training/index.ts';
import type { TaskDescription } from '../../tasks/index.ts';

/**
 * What an export holds: the mean of several models as one, the model of all rows, or that of a fold. Several models of all rows, which
 * were trained with several seeds, are `all` too, and their mean.
 */
export type What = 'ensemble' | 'all' | 'fold';

export interface ExportRequest {
  /** The folder to write, which must not be there yet or be empty. */
  readonly to: string;
  readonly format: 'onnx' | 'huggingface';
  /** Float32 is always written; these come beside it. Only for ONNX. */
  readonly alsoIn: readonly Exclude<Precision, 'float32'>[];
  /**
   * Where it is left out, and neither fold nor seed is named, what the run predicts with; one fold's model for Hugging Face, whose
   * directories hold one.
   */
  readonly what?: What;
  /** A fold, or the model of all rows. Of several folds, the one whose best epoch is best by the metric that the run monitored. */
  readonly fold?: number | 'all';
  /** Without it, of a fold with several seeds the best. */
  readonly seed?: number;
  /** Those that the run was configured for where it is left out. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface ExportedModel {
  readonly folder: string;
  readonly what: What;
  /** Folders of the run's models whose mean it gives, by their names. */
  readonly models: readonly string[];
  /** Those that the run predicts with. */
  readonly predictedBy: readonly string[];
  /** Of a single model. */
  readonly fold?: number | 'all';
  /** Of a single model, where the run has several. */
  readonly seed?: number;
  readonly task: TaskDescription;
  readonly files: readonly ExportedFile[];
}

/** One of the written models, and how it did on validation rows. */
export interface ExportedFile {
  /** Below the folder. */
  readonly path: string;
  readonly precision: Precision;
  readonly bytes: number;
  /** Rows that it was compared on with what the run's own models say. */
  readonly compared: number;
  /** Between the numbers of its predictions and theirs on these rows. */
  readonly maxDifference: number;
  /**
   * Validation rows that were measured: of an export of one fold its own, of others those of every fold, by its models in the same
   * precision. No model was trained on the rows that measure it.
   */
  readonly rows: number;
  /** Metrics on them: of the run's own predictions and of those in this precision. Empty where nothing was measured. */
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}
