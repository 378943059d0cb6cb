import type { TrainOptions } from '../../../src/data/examples/examples.ts';
import { trainExamples } from '../../helpers/class-examples.ts';
import type { Finding } from '../../../src/data/findings/finding.ts';
import type { ClassRows } from '../../../src/tasks/leaks/rows.ts';
import { parseTable, type Table } from '../../../src/data/tables/table.ts';

const used: TrainOptions = { id: 'id', text: 'text', target: 'target', conflicts: 'keep', duplicates: 'keep' };

/** A table of rows, whose ids are their numbers from 0. */
export function tableOf(columns: string, rows: readonly (readonly (string | number)[])[]): Promise<Table> {
  const lines = rows.map((row, i) => [i, ...row.map((field) => JSON.stringify(String(field)))].join(','));
  return parseTable(Buffer.from(`id,${columns}\n${lines.join('\n')}\n`), 'rows.csv', 'csv');
}

export function examplesIn(table: Table, options: Partial<TrainOptions> = {}): ReturnType<typeof trainExamples> {
  return trainExamples(table, { ...used, ...options });
}

/** Labelled texts, without a table. */
export function labelled(texts: readonly string[], labels: readonly number[]): ClassRows {
  return {
    ids: texts.map((_, row) => String(row)),
    texts,
    labels: Int32Array.from(labels),
    classes: [...new Set(labels)].sort((a, b) => a - b).map((label) => `class ${label}`),
  };
}

export function codesOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, code }) => `${severity} ${code}`);
}

export function named(findings: readonly Finding[], code: Finding['code']): Finding {
  const found = findings.find((finding) => finding.code === code);
  if (found === undefined) throw new Error(`there is no ${code} among ${codesOf(findings).join(', ')}`);
  return found;
}
