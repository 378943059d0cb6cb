import type { MachineFinding } from '../../runner/machine/index.ts';
import type { Colors } from '../terminal.ts';
import { left, prose, table } from './layout/table.ts';
import { plural } from './layout/text.ts';

/** What was found of a machine, a row a subject, each with what to do about it. */
export function diagnosisText(findings: readonly MachineFinding[], colors: Colors): string {
  const marks = { ok: colors.green('ok'), warn: colors.yellow('warn'), none: colors.dim('none') };
  const rows = findings.map(({ subject, state, found, remedy }) => [
    marks[state],
    subject,
    remedy === null ? found : `${found}\n${remedy}`,
  ]);
  const warnings = findings.filter(({ state }) => state === 'warn').length;
  const verdict = warnings === 0 ? 'all is well' : plural(warnings, 'warning');
  return `${table([left(''), left(''), prose('')], rows, colors).trimStart()}\n\n${verdict}`;
}
