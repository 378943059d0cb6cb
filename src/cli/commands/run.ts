import { existsSync, readdirSync } from 'node:fs';
import { compareRuns, type Comparison } from '../../tracking/comparison/compare.ts';
import type { Verb } from '../call.ts';
import { naming, runAll, type Outcome, type Reported } from '../experiment-runs.ts';
import { loadExperiments } from '../experiments.ts';
import { comparisonSections } from '../render/comparison.ts';
import { decisionLines } from '../render/decisions.ts';
import { resultsTable } from '../render/results.ts';
import { sections } from '../render/sections.ts';
import { duration, pathFromHere } from '../render/text.ts';
import type { Terminal } from '../terminal.ts';

export interface RunFlags {
  readonly until?: string;
  readonly force?: readonly string[];
  readonly name?: string;
}

/** Carries experiments out one after the other. The first that fails ends it; what was done before stays and is reported. */
export const run: Verb<RunFlags> = async (files, flags, call) => {
  const { name, ...limits } = flags;
  const asked = loadExperiments(files, { set: call.flags.set, name }).map((loaded, i) => ({ loaded, config: files[i] ?? '' }));
  const outcomes = await runAll(asked, {
    ...limits,
    goOnAfter: () => false,
    onDone: (reported, number) => call.terminal.result(`${number > 0 ? '\n' : ''}${resultText(reported, call.terminal)}`),
  }, call);
  const failed = outcomes.find((outcome) => 'error' in outcome);
  const answered = await answer(outcomes.filter((outcome) => 'run' in outcome), call.terminal);
  return failed === undefined ? answered : { ...answered, error: files.length === 1 ? failed.error : naming(failed.error, failed.asked.config) };
};

function resultText(result: Reported, { colors }: Terminal): string {
  const fromCache = result.cached === 0 ? '' : `, ${result.cached} from the cache`;
  const title = `${result.run} · done in ${duration(result.seconds)} · ${result.executed} of ${result.executed + result.cached} tasks carried out${fromCache}`;
  return sections(
    [
      { title, lines: result.metrics === null ? ['not evaluated'] : [resultsTable(result.metrics, colors)] },
      { title: 'decisions', lines: decisionLines(result.decisions) },
      { title: 'submission', lines: result.submission === null ? [] : [pathFromHere(result.submission)] },
      { title: 'files', lines: [`${pathFromHere(result.folder)}/`, ...(existsSync(result.folder) ? [readdirSync(result.folder).toSorted().join('  ')] : [])] },
    ],
    colors,
  );
}

async function answer(done: readonly (Outcome & { readonly run: Reported })[], { colors }: Terminal): Promise<{ readonly data: unknown; readonly text: string }> {
  const runs = done.map(({ run: reported }) => reported);
  const compared: Comparison | null =
    runs.length < 2 ? null : await compareRuns(done.map(({ run: { run: name, folder, metrics }, asked: { loaded } }) => ({ name, folder, metrics, experiment: loaded.experiment })));
  const text = compared === null ? '' : `\n${sections(comparisonSections(compared, colors), colors)}`;
  return { data: { runs, comparison: compared }, text };
}
