import { join } from 'node:path';
import type { Experiment } from '../config/index.ts';
import { writeJsonAtomic } from '../core/files.ts';
import { plural } from '../core/text.ts';
import type { CleaningOptions } from '../data/examples/index.ts';
import { readFolds } from '../data/folds/index.ts';
import { readTable } from '../data/tables/index.ts';
import { loadTokenizer } from '../data/tokens/index.ts';
import { inspectData, trainExamples, type InspectionOptions } from '../tasks/index.ts';
import { tokenizerFiles } from '../data/tokenizer/index.ts';
import type { Stage } from './stage.ts';
import { pickTables, type TableParams } from './tables.ts';

interface Params extends InspectionOptions, Pick<TableParams, 'train'> {
  readonly data: InspectionOptions['data'] & CleaningOptions;
  readonly test?: TableParams['test'];
}

/** Looks for what is worth knowing about the data before training. Output: findings. */
export const inspect: Stage<Params> = {
  name: 'inspect',
  version: 2,
  needs: { folds: 'one' },
  reads: 'everything',
  makes: 'findings',
  writes: () => ['findings.json'],
  publishes: { 'findings.json': 'findings.json' },
  usesDevice: false,
  pick: (experiment, { modelFolder }) => ({
    params: inspectionOptions(experiment),
    files: { ...pickTables(experiment.data).files, ...tokenizerFiles(modelFolder) },
  }),
  async run({ params, files, inputs, output, threads, emit, throwIfStopped }) {
    const train = await readTable({ path: files['train'] ?? '', ...params.train });
    const test = files['test'] === undefined ? null : await readTable({ path: files['test'], ...params.test });
    const foldOf = await readFolds(join(inputs.one('folds'), 'folds.csv'));
    const findings = await inspectData(
      { train, test, examples: trainExamples(train, params.data), foldOf },
      params,
      await loadTokenizer(files),
      { threads, onProgress: throwIfStopped },
    );
    writeJsonAtomic(join(output, 'findings.json'), { findings });
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
export function inspectionOptions({ data, split, model, training }: Experiment): Params {
  return {
    ...pickTables(data).params,
    split: { folds: split.folds, shuffle: split.shuffle },
    model: { max_seq_length: model.max_seq_length },
    training: model.freeze_encoder ? null : { batch_size: training.batch_size, batching: training.batching, padding: training.padding },
  };
}
