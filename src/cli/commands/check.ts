import { OrtrainError } from '../../core/errors.ts';
import { inspectExperiment, type DataSizes, type Finding } from '../../runner/index.ts';
import type { Verb } from '../call.ts';
import { loadExperiments } from '../experiments.ts';
import { findingLines } from '../render/findings.ts';
import { plural } from '../render/text.ts';
import type { Colors } from '../terminal.ts';

/** What is known of an experiment's data once they have been read. */
type Checked = DataSizes & { readonly config: string; readonly findings: readonly Finding[] };

/**
 * Finds everything that is wrong with configurations, their data and a model that is a directory, and what is worth knowing
 * about the data, without a device or a run folder.
 */
export const check: Verb<object> = async (files, _flags, call) => {
  const errors: OrtrainError[] = [];
  const checked: Checked[] = [];
  for (const [i, { experiment }] of loadExperiments(files, { set: call.flags.set }).entries()) {
    try {
      const { sizes, findings } = await inspectExperiment(experiment);
      checked.push({ config: files[i] ?? '', ...sizes, findings });
    } catch (error) {
      if (!(error instanceof OrtrainError)) throw error;
      errors.push(error);
    }
  }
  if (errors.length > 0) throw together(errors);
  return { data: { ok: true, checked }, text: checkedText(checked, call.terminal.colors) };
};

/** Configurations often share their data; the same problem is told once. */
function together(errors: readonly OrtrainError[]): OrtrainError {
  const different = [...new Map(errors.map((error) => [JSON.stringify([error.message, error.problems]), error])).values()];
  const [first] = different;
  if (different.length === 1 && first !== undefined) return first;
  const problems = different.flatMap((error) => (error.problems.length > 0 ? error.problems : [{ message: error.message }]));
  return new OrtrainError('data', `${different.length} experiments have problems with their data`, { problems, ...(first?.remedy === undefined ? {} : { remedy: first.remedy }) });
}

/** Configurations often share their data; findings that stand above already are not told again. */
function checkedText(checked: readonly Checked[], colors: Colors): string {
  const told = new Map<string, string>(); // findings to the first configuration with them
  return checked
    .flatMap((each) => {
      const findings = JSON.stringify(each.findings);
      const earlier = told.get(findings);
      if (earlier === undefined) told.set(findings, each.config);
      return [line(each), ...(earlier === undefined ? findingLines(each.findings, colors) : [`  findings as for ${earlier}`])];
    })
    .join('\n');
}

function line({ config, rows, classes, testRows }: Checked): string {
  return `${config}  OK  ${plural(rows, 'row')} of ${classes.length} classes, ${testRows === null ? 'no test rows' : plural(testRows, 'test row')}`;
}
