import { existsSync } from 'node:fs';
import { readJsonInput } from '../../core/inputs.ts';
import { fileInside } from '../../core/inside.ts';
import { count, list, object, objectOf, oneOf, optional, text } from '../../core/shapes.ts';
import { html, type Html } from './html.ts';

/** What a look at the data before training found, as `findings.json` of the run's folder has it. */
export interface Finding {
  readonly severity: 'warning' | 'info';
  /** A sentence without a final full stop. */
  readonly message: string;
  /** The first few places: data rows, from 1, and the beginning of their text. */
  readonly examples: readonly { readonly table: string; readonly rows: readonly number[]; readonly text: string }[];
  /** What can be done, in full sentences. */
  readonly remedy?: string;
}

/** Undefined where nobody has looked. */
export function readFindings(folder: string): readonly Finding[] | undefined {
  const file = fileInside(folder, 'findings.json');
  return existsSync(file) ? readJsonInput<{ readonly findings: readonly Finding[] }>(file, shape).findings : undefined;
}

const shape = object({
  findings: list(
    objectOf<Finding>({
      severity: oneOf('warning', 'info'),
      message: text,
      examples: list(objectOf<Finding['examples'][number]>({ table: text, rows: list(count), text })),
      remedy: optional(text),
    }),
  ),
});

/** What is worth knowing about the data, warnings first. */
export function findingsSection(findings: readonly Finding[]): Html {
  if (findings.length === 0) return html`<p>Nothing that a person should know before training.</p>`;
  const sorted = findings.toSorted((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'));
  return html`<ul class="findings">${sorted.map(item)}</ul>`;
}

function item({ severity, message, examples, remedy }: Finding): Html {
  return html`<li class="${severity}"><p><b>${severity}</b> ${message}.</p>
${examples.length > 0 && html`<ul>${examples.map(({ table, rows, text }) => html`<li><span class="muted">${table} row${rows.length !== 1 && 's'} ${rows.join(', ')}</span> <span dir="auto">${text}</span></li>`)}</ul>`}
${remedy !== undefined && html`<p class="muted small">${remedy}</p>`}</li>
`;
}
