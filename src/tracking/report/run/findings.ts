import { existsSync } from 'node:fs';
import { readJsonInput } from '../../../core/inputs.ts';
import { fileInside } from '../../../core/inside.ts';
import { list, object } from '../../../core/shapes.ts';
import { finding, type Finding } from '../../../data/findings/index.ts';
import { html, type Html } from '../../../core/page/html.ts';

/** Undefined where nobody has looked. */
export function readFindings(folder: string): readonly Finding[] | undefined {
  const file = fileInside(folder, 'findings.json');
  return existsSync(file) ? readJsonInput(file, shape).findings : undefined;
}

const shape = object({ findings: list(finding) });

/** What is worth knowing about the data, warnings first. */
export function findingsSection(findings: readonly Finding[]): Html {
  if (findings.length === 0) return html`<p>Nothing that a person should know before training.</p>`;
  const sorted = findings.toSorted((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'));
  return html`<ul class="findings">${sorted.map(item)}</ul>`;
}

function item({ severity, message, examples, remedy }: Finding): Html {
  return html`<li class="${severity}"><p><b>${severity}</b> ${message}.</p>
${examples.length > 0 && html`<ul>${examples.map(example)}</ul>`}
${remedy !== undefined && html`<p class="muted small">${remedy}</p>`}</li>
`;
}

function example({ table, rows, text }: Finding['examples'][number]): Html {
  const where = `${table} row${rows.length === 1 ? '' : 's'} ${rows.join(', ')}`;
  return html`<li><span class="muted">${where}</span> <span dir="auto">${text}</span></li>`;
}
