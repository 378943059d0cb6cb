import { join } from 'node:path';
import { foldsOf, type Experiment } from '../config/index.ts';
import { writeJsonAtomic } from '../core/files.ts';
import { plural } from '../core/text.ts';
import { divisionByTable, rowsIn } from '../data/folds/index.ts';
import { loadTokenizer } from '../data/tokens/index.ts';
import { inspectData, type InspectionOptions } from '../tasks/index.ts';
import { tokenizerFiles } from '../data/tokenizer/index.ts';
import { throwUnlessAligned } from './outputs.ts';
import type { Stage } from './stage.ts';
import { pickTables } from './tables.ts';

const needs = { examples: 'one', folds: 'one' } as const;

const FINDINGS = 'findings.json';

/** Looks for what is worth knowing about the data before training. Output: findings. */
export const inspect: Stage<InspectionOptions, Readonly<Record<string, string>>, typeof needs> = {
  name: 'inspect',
  version: 3,
  needs,
  reads: 'everything',
  makes: 'findings',
  writes: () => [FINDINGS],
  publishes: { [FINDINGS]: 'findings.json' },
  usesDevice: false,
  pick: (experiment, { modelFolder }) => ({ params: inspectionOptions(experiment), files: tokenizerFiles(modelFolder) }),
  async run({ params, files, inputs, output, threads, emit, throwIfStopped }) {
    const { train, validation, labelled, test } = inputs.examples;
    const divided = await inputs.folds.division();
    throwUnlessAligned({ stage: 'split', rows: rowsIn(divided) }, { stage: 'examples', rows: labelled.count });
    // A table that is trained on as a whole is one fold.
    const division = validation === null ? divided : divisionByTable(0, train.count);
    const findings = await inspectData(
      {
        table: train.table,
        examples: train.examples(),
        division,
        validationTexts: validation === null ? null : validation.texts(),
        testTexts: test === null ? null : test.texts(),
      },
      params,
      await loadTokenizer(files),
      { threads, onProgress: throwIfStopped },
    );
    writeJsonAtomic(join(output, FINDINGS), { findings });
    const warnings = findings.filter(({ severity }) => severity === 'warning').length;
    if (warnings > 0)
      emit({
        type: 'notice',
        level: 'warning',
        message: `${plural(warnings, 'warning')} about the data in findings.json; pipeline check shows ${warnings === 1 ? 'it' : 'them'}`,
      });
  },
};

/** The part of an experiment on which its findings depend. */
export function inspectionOptions({ data, task, split, model, training }: Experiment): InspectionOptions {
  return {
    data: pickTables({ data, task }).params.data,
    split: { folds: foldsOf({ data, split }), shuffle: split.shuffle },
    model: { max_seq_length: model.max_seq_length },
    training: model.freeze_encoder ? null : { batch_size: training.batch_size, batching: training.batching, padding: training.padding },
  };
}
