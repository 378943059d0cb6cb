import type { Experiment } from '../../config/index.ts';
import type { Finding } from '../../data/findings/index.ts';
import { inspectDataset, readData, type DataSizes } from './data.ts';
import { checkLocalModel, checkModel, type ModelNotice } from './model.ts';

export { checkData } from './data.ts';

/** Findings about the data and the model of an experiment, and how large its data are. Throws where the experiment cannot run. */
export async function inspectExperiment(
  experiment: Experiment,
): Promise<{ readonly sizes: DataSizes; readonly findings: readonly Finding[] }> {
  const { contents, sizes, findings } = await inspectDataset(experiment);
  const notices = await checkLocalModel(experiment, contents);
  return {
    sizes,
    findings: [
      ...findings,
      ...notices.map(({ level, message }): Finding => ({ severity: level, code: 'model', message, count: 1, examples: [] })),
    ],
  };
}

/** `checkModel`, with the data that it needs. */
export async function checkExperiment(experiment: Experiment, modelFolder: string): Promise<readonly ModelNotice[]> {
  return checkModel(experiment, modelFolder, await readData(experiment));
}
