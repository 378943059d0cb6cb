import type { Experiment } from '../../../config/index.ts';
import type { Task } from '../../../tasks/index.ts';
import type { MeasuredMetrics } from '../../models/measured.ts';
import type { ExportedModel } from '../request.ts';

/** What a model card says. Nothing of it names a path of the machine that the model was made on. */
export interface CardFacts {
  /** The run's. */
  readonly name: string;
  readonly exported: ExportedModel;
  readonly format: 'onnx' | 'huggingface';
  readonly task: Task;
  readonly maxLength: number;
  readonly experiment: Experiment;
  /** Of the programs that trained the models. */
  readonly versions: Readonly<Record<string, string>>;
  /** Version of ortrain. */
  readonly exportedBy: string;
  /** The pretrained model's name on the hub; null where it has none. */
  readonly base: string | null;
  /** ISO 8601. */
  readonly trainedAt: string;
  readonly tables: readonly UsedTable[];
  readonly measured: readonly MeasuredOn[];
}

export interface UsedTable {
  /** `prediction`: a table whose targets are not known. */
  readonly use: 'training' | 'validation' | 'test' | 'prediction';
  /** Of its file. */
  readonly name: string;
  readonly sha256: string | null;
}

export interface MeasuredOn {
  readonly on: 'out of fold' | 'test';
  readonly rows: number;
  readonly metrics: MeasuredMetrics;
  /** What TF-IDF with a linear model reaches on the same rows; empty where that was not measured. */
  readonly baseline: Readonly<Record<string, number | null>>;
}
