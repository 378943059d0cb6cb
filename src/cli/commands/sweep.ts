import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadSweep, type Sweep, type SweepMember } from '../../config/index.ts';
import { shownValue } from '../../config/parameters.ts';
import { OrtrainError } from '../../core/errors.ts';
import { writeJsonAtomic } from '../../core/files.ts';
import { isOfTwoClasses } from '../../data/metrics.ts';
import { checkData } from '../../runner/index.ts';
import { compareRuns, type Comparison } from '../../tracking/comparison/compare.ts';
import { summaryOf, type RunMetrics } from '../../tracking/run-metrics.ts';
import type { Answer, Call, Verb } from '../call.ts';
import { runAll, type Outcome } from '../experiment-runs.ts';
import { requireReferences } from '../experiments.ts';
import { sections } from '../render/sections.ts';
import { left, right, table } from '../render/table.ts';
import { duration, metric, pathFromHere, plural, printable } from '../render/text.ts';
import type { Terminal } from '../terminal.ts';

export interface SweepFlags {
  readonly dryRun?: boolean;
}

/**
 * Carries out every experiment of a sweep, the shared stages once, and ranks the runs. A member whose training fails does
 * not end the others; the same command again does only what is missing.
 */
export const sweep: Verb<SweepFlags> = async ([file = ''], { dryRun = false }, call) => {
  const loaded = loadSweep(file, call.flags.set);
  for (const member of loaded.members) requireReferences(member.loaded);
  if (dryRun) return listed(loaded, call.terminal);
  await throwIfUnranked(loaded);
  const total = loaded.members.length;
  const outcomes = await runAll(
    loaded.members.map((member) => ({ loaded: member.loaded, config: file })),
    {
      commandName: loaded.name,
      goOnAfter: (error) => error instanceof OrtrainError && error.code === 'run',
      onFailed: ({ loaded: { experiment } }, number) => call.terminal.note(`${number + 1} of ${total}: ${experiment.name} · failed`),
      onDone: (done, number) => call.terminal.note(`${number + 1} of ${total}: ${done.run} · ${loaded.metric} ${metric(scoreOf(done.metrics, loaded.metric))} · ${duration(done.seconds)}`),
    },
    call,
  );
  return ranked(loaded, outcomes, call);
};

/** The metrics f1 are of two classes: with more, no run would have the one to rank by. */
async function throwIfUnranked({ metric: name, members }: Sweep): Promise<void> {
  const [first] = members;
  if (first === undefined || !isOfTwoClasses(name)) return;
  const { classes } = await checkData(first.loaded.experiment);
  if (classes.length > 2) throw new OrtrainError('config', `metric is ${name}, which is measured for two classes only; the training rows have ${classes.length}`, { subject: 'metric', remedy: `Rank by ${name.replace('/f1', '/f1_macro')}.` });
}

/** A member and what came of it; best first, those without a result last. */
interface Ranked {
  readonly run: string;
  readonly values: SweepMember['values'];
  readonly score: number | null;
  readonly seconds: number | null;
  readonly folder: string | null;
  readonly error: string | null;
}

async function ranked(of: Sweep, outcomes: readonly Outcome[], call: Call): Promise<Answer> {
  const ranking = outcomes.map((outcome, i): Ranked => rankedMember(of, of.members[i] as SweepMember, outcome)).toSorted((a, b) => order(of, a, b));
  const folder = resolve(call.flags.artifacts, 'sweeps', of.name);
  mkdirSync(folder, { recursive: true });
  const explained = await explain(of, outcomes, ranking, folder);
  const { report, comparison } = explained;
  const [best] = ranking;
  const verdict = comparison?.verdict ?? null;
  const document = { sweep: of.name, base: of.base, metric: of.metric, mode: of.mode, best: best?.score === null ? null : (best?.run ?? null), ranking, verdict, pairing: comparison?.pairing ?? null, report };
  writeJsonAtomic(join(folder, 'sweep.json'), document);
  return { data: document, text: rankingText(of, ranking, explained, call.terminal), ...failureOf(of, outcomes) };
}

function rankedMember(of: Sweep, { values, loaded }: SweepMember, outcome: Outcome): Ranked {
  if ('error' in outcome) return { run: loaded.experiment.name, values, score: null, seconds: null, folder: null, error: outcome.error instanceof Error ? outcome.error.message : String(outcome.error) };
  const { run, metrics, seconds, folder } = outcome.run;
  const score = scoreOf(metrics, of.metric);
  return { run, values, score: Number.isFinite(score) ? score : null, seconds, folder, error: null };
}

function order({ mode }: Sweep, a: Ranked, b: Ranked): number {
  if (a.score === null || b.score === null) return Number(a.score === null) - Number(b.score === null);
  return (mode === 'max' ? b.score - a.score : a.score - b.score) || a.run.localeCompare(b.run);
}

function scoreOf(metrics: RunMetrics | null, name: string): number {
  return (metrics === null ? undefined : summaryOf(metrics)[name]) ?? NaN;
}

interface Explained {
  /** Both null where no member has a result. */
  readonly report: string | null;
  readonly comparison: Comparison | null;
}

/** Compares those runs that were evaluated, by the metric of the sweep, and writes its page. */
async function explain(of: Sweep, outcomes: readonly Outcome[], ranking: readonly Ranked[], folder: string): Promise<Explained> {
  const done = outcomes.flatMap((outcome) => ('run' in outcome && outcome.run.metrics !== null ? [{ name: outcome.run.run, folder: outcome.run.folder, metrics: outcome.run.metrics, experiment: outcome.asked.loaded.experiment }] : []));
  if (done.length === 0) return { report: null, comparison: null };
  const place = new Map(ranking.map(({ run }, i) => [run, i]));
  const runs = done.toSorted((a, b) => (place.get(a.name) ?? 0) - (place.get(b.name) ?? 0));
  const comparison = await compareRuns(runs, of.metric);
  const { writeComparisonReport } = await import('../../tracking/report/comparison-report.ts');
  const report = join(folder, 'report.html');
  await writeComparisonReport(report, comparison, runs, { name: of.name, base: of.base, without: withoutResult(of, outcomes) });
  return { report, comparison };
}

/** Members that failed, were not evaluated or were not reached, by their values. */
function withoutResult(of: Sweep, outcomes: readonly Outcome[]): readonly { readonly label: string; readonly reason: string }[] {
  return of.members.flatMap(({ values }, i) => {
    const outcome = outcomes[i];
    const label = of.parameters.map((path) => `${path}: ${shownValue(values[path])}`).join(', ');
    if (outcome === undefined) return [{ label, reason: 'not started' }];
    if ('error' in outcome) return [{ label, reason: outcome.error instanceof Error ? outcome.error.message : String(outcome.error) }];
    return outcome.run.metrics === null ? [{ label, reason: 'not evaluated' }] : [];
  });
}

/** An interrupt or an error that ended the sweep as it is; of failed members how many. */
function failureOf(of: Sweep, outcomes: readonly Outcome[]): { readonly error?: unknown } {
  const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
  const last = errors.at(-1);
  if (last === undefined) return {};
  if (!(last instanceof OrtrainError && last.code === 'run')) return { error: last };
  return { error: new OrtrainError('run', `${errors.length} of ${plural(of.members.length, 'experiment')} failed; the last with: ${last.message}`, { remedy: last.remedy ?? 'Take its values out of the sweep.', cause: last }) };
}

function rankingText(of: Sweep, ranking: readonly Ranked[], { report, comparison }: Explained, { colors }: Terminal): string {
  const columns = [right(''), ...of.parameters.map(left), right(of.metric), right('took'), left('run')];
  const rows = ranking.map(({ run, values, score, seconds, error }, i) => [
    score === null ? '–' : `${i + 1}`,
    ...of.parameters.map((path) => printable(shownValue(values[path]))),
    score === null ? colors.red(error === null ? 'not evaluated' : 'failed') : i === 0 && comparison?.pairing.sameRows === true ? colors.green(metric(score)) : metric(score),
    seconds === null ? '–' : duration(seconds),
    run,
  ]);
  const missing = of.members.length - ranking.length;
  const [best] = ranking;
  return sections(
    [
      { title: `${of.name} · ${ranking.length} of ${plural(of.members.length, 'experiment')}${missing > 0 ? ', the rest was not started' : ''}`, lines: [table(columns, rows, colors)] },
      { title: 'verdict', lines: comparison === null ? [] : [printable(comparison.verdict)] },
      { title: 'report', lines: report === null ? [] : [pathFromHere(report)] },
      { title: 'the best again', lines: comparison?.pairing.sameRows === false || best?.folder === null || best?.score === null || best === undefined ? [] : [`pipeline run ${pathFromHere(join(best.folder, 'config.yaml'))}`] },
    ],
    colors,
  );
}

function listed(of: Sweep, { colors }: Terminal): Answer {
  const members = of.members.map(({ loaded, values }) => ({ name: loaded.experiment.name, values }));
  const rows = members.map(({ name, values }) => [...of.parameters.map((path) => printable(shownValue(values[path]))), name]);
  const title = `${of.name} · ${plural(members.length, 'experiment')} on ${of.base}, ranked by ${of.metric}`;
  return { data: { sweep: of.name, base: of.base, metric: of.metric, mode: of.mode, members }, text: sections([{ title, lines: [table([...of.parameters.map(left), left('run')], rows, colors)] }], colors) };
}
