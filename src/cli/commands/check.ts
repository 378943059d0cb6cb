import type { LoadedExperiment } from '../../config/index.ts';
import { OrtrainError, type Problem } from '../../core/errors.ts';
import { readTestExamples, readTrainExamples } from '../../data/examples.ts';
import { columnOf, readTable } from '../../data/table.ts';
import type { Verb } from '../call.ts';
import { loadExperiments } from '../experiments.ts';
import { plural } from '../render/text.ts';

/** What is known of an experiment's data once they have been read. */
interface Checked {
  readonly config: string;
  readonly rows: number;
  readonly classes: readonly string[];
  readonly testRows: number | null;
}

/** Finds everything that is wrong with configurations and their data, without a model, a device or a run folder. */
export const check: Verb<object> = async (files, _flags, call) => {
  const loaded = loadExperiments(files, call.flags.set);
  const errors: OrtrainError[] = [];
  const checked: Checked[] = [];
  for (const [i, each] of loaded.entries()) checked.push({ config: files[i] ?? '', ...(await checkData(each, errors)) });
  if (errors.length > 0) throw together(errors);
  return { data: { ok: true, checked }, text: checked.map(line).join('\n') };
};

/** Reads every table of an experiment; what is wrong goes to `errors`, so that one bad file does not hide another. */
async function checkData({ experiment: { data } }: LoadedExperiment, errors: OrtrainError[]): Promise<Omit<Checked, 'config'>> {
  const train = await attempt(() => readTrainExamples(data.train, data), errors);
  const { test, sample_submission: sample } = data;
  const rows = test === null ? undefined : await attempt(() => readTestExamples(test, data), errors);
  if (sample !== null) await attempt(() => checkSample(sample, data.id, rows?.ids), errors);
  return { rows: train?.texts.length ?? 0, classes: train?.classes ?? [], testRows: rows?.texts.length ?? null };
}

/** The sample submission has to ask for exactly the test rows; its values are checked against the predictions, when there are any. */
async function checkSample(path: string, id: string | null, testIds: readonly string[] | undefined): Promise<void> {
  const sample = await readTable(path);
  const column = id ?? sample.columns[0] ?? '';
  const ids = columnOf(sample, column);
  const problems: Problem[] = [];
  if (ids === undefined) problems.push({ message: `there is no id column ${column}; the columns are ${sample.columns.join(', ')}`, file: path, line: 1 });
  else if (testIds === undefined) return;
  else if (ids.length !== testIds.length) problems.push({ message: `${plural(ids.length, 'row')} here, and ${plural(testIds.length, 'test row')}`, file: path });
  const known = new Set(testIds);
  const strange = ids?.findIndex((value) => !known.has(value)) ?? -1;
  if (strange !== -1) problems.push({ message: `the id ${ids?.[strange] ?? ''} is not among the test rows`, file: path, line: sample.lines[strange] ?? 1, row: strange + 1, field: column });
  if (problems.length > 0) throw new OrtrainError('data', `${path} does not fit the test rows`, { subject: path, problems, remedy: 'Check that data.test, data.sample_submission and data.id belong together.' });
}

async function attempt<T>(read: () => Promise<T>, errors: OrtrainError[]): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof OrtrainError)) throw error;
    errors.push(error);
    return undefined;
  }
}

/** Configurations often share their data; the same problem is told once. */
function together(errors: readonly OrtrainError[]): OrtrainError {
  const different = [...new Map(errors.map((error) => [JSON.stringify([error.message, error.problems]), error])).values()];
  const [first] = different;
  if (different.length === 1 && first !== undefined) return first;
  const problems = different.flatMap((error) => (error.problems.length > 0 ? error.problems : [{ message: error.message }]));
  return new OrtrainError('data', `${different.length} files have problems`, { problems, ...(first?.remedy === undefined ? {} : { remedy: first.remedy }) });
}

function line({ config, rows, classes, testRows }: Checked): string {
  const test = testRows === null ? 'no test rows' : plural(testRows, 'test row');
  return `${config}  OK  ${plural(rows, 'row')} of ${classes.length} classes, ${test}`;
}
