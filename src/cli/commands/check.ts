import { existsSync } from 'node:fs';
import { OrtrainError } from '../../core/errors.ts';
import { resolveModel } from '../../data/hub.ts';
import { checkData, checkModel, type DataSizes } from '../../runner/index.ts';
import type { Verb } from '../call.ts';
import { loadExperiments } from '../experiments.ts';
import { plural } from '../render/text.ts';

/** What is known of an experiment's data once they have been read. */
type Checked = DataSizes & { readonly config: string };

/** Finds everything that is wrong with configurations, their data and a model that is a directory, without a device or a run folder. */
export const check: Verb<object> = async (files, _flags, call) => {
  const errors: OrtrainError[] = [];
  const checked: Checked[] = [];
  for (const [i, { experiment }] of loadExperiments(files, call.flags.set).entries()) {
    try {
      checked.push({ config: files[i] ?? '', ...(await checkData(experiment)) });
      const { base, revision, weights } = experiment.model;
      if (existsSync(base)) await checkModel(experiment, await resolveModel(base, { revision, weights: weights === 'pretrained' }));
    } catch (error) {
      if (!(error instanceof OrtrainError)) throw error;
      errors.push(error);
    }
  }
  if (errors.length > 0) throw together(errors);
  return { data: { ok: true, checked }, text: checked.map(line).join('\n') };
};

/** Configurations often share their data; the same problem is told once. */
function together(errors: readonly OrtrainError[]): OrtrainError {
  const different = [...new Map(errors.map((error) => [JSON.stringify([error.message, error.problems]), error])).values()];
  const [first] = different;
  if (different.length === 1 && first !== undefined) return first;
  const problems = different.flatMap((error) => (error.problems.length > 0 ? error.problems : [{ message: error.message }]));
  return new OrtrainError('data', `${different.length} experiments have problems with their data`, { problems, ...(first?.remedy === undefined ? {} : { remedy: first.remedy }) });
}

function line({ config, rows, classes, testRows }: Checked): string {
  return `${config}  OK  ${plural(rows, 'row')} of ${classes.length} classes, ${testRows === null ? 'no test rows' : plural(testRows, 'test row')}`;
}
