import type { CopiedExample, StarterFacts } from '../../runner/starter/index.ts';

/** What a new configuration says, and what to do with it. */
export function draftText(output: string, facts: Omit<StarterFacts, 'schema'>): string {
  const { id, text, otherText, isPair, targets, task, test, sample } = facts;
  const submission = sample === null ? 'no sample submission' : `submission as ${sample}`;
  const rest = test === null ? 'no rows to predict' : `rows to predict from ${test}, ${submission}`;
  const texts = isPair ? `pairs of texts in ${text} and ${otherText}` : `text in ${text}`;
  const columns = `${texts}, ${HELD[task]} in ${targets.join(', ')}, ids in ${id ?? 'no column'}`;
  return `wrote ${output}: ${columns}, ${rest}\nreview it, then: pipeline run ${output}`;
}

const HELD = { classification: 'classes', 'multi-label': 'labels', regression: 'numbers' } as const;

export function copiedText({ files, next }: CopiedExample): string {
  return `copied:\n${files.map((file) => `  ${file}`).join('\n')}\nnext: ${next}`;
}
