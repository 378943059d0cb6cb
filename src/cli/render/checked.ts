import type { InspectedExperiment } from '../../runner/check/index.ts';
import { openTask } from '../../tasks/index.ts';
import type { Colors } from '../terminal.ts';
import { findingLines } from './findings.ts';
import { plural } from './layout/text.ts';

type Checked = InspectedExperiment & { readonly config: string };

/** A line a configuration, and its findings. Configurations often share their data: findings that stand above already are not repeated. */
export function checkedText(checked: readonly Checked[], colors: Colors): string {
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

function line({ config, rows, validationRows, task, testRows }: Checked): string {
  const test = testRows === null ? 'no test rows' : plural(testRows, 'test row');
  const validation = validationRows === null ? '' : `, ${plural(validationRows, 'validation row')}`;
  return `${config}  OK  ${plural(rows, 'row')} of ${openTask(task).summary}${validation}, ${test}`;
}
