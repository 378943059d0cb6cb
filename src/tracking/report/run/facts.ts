import { asked, foldsOf, pathOf, shownValue } from '../../../config/index.ts';
import { bytes, duration, minuteOf, pathFromHere, plural } from '../../../core/text.ts';
import { showsLimits } from '../figures/system.ts';
import { html, type Html } from '../../../core/page/html.ts';
import type { JobStory } from './journal-story.ts';
import { bar, facts, figure, table } from '../../../core/page/elements.ts';
import type { RunStory } from './story.ts';

/** The parameters that are not the defaults, and the data. */
export function questionSection({ run, report }: RunStory): Html {
  const { experiment, outOfFold, metrics, environment } = run;
  const { data } = experiment;
  const [train, validation, test] = [pathOf(data.train), pathOf(data.validation), pathOf(data.test)];
  const total = outOfFold.ids.length;
  const ofFolds =
    metrics.folds.length < foldsOf(experiment) ? ` of the folds ${metrics.folds.map(({ fold }) => fold).join(', ')}` : '';
  const parameters = Object.entries(asked(experiment)).filter(([path]) => !path.startsWith('data.') && path !== 'name');
  return html`${facts([
    ['training data', validation === null ? html`<code>${train}</code>, ${plural(total, 'row')}${ofFolds}` : html`<code>${train}</code>`],
    ...(validation === null ? [] : [['validation data', html`<code>${validation}</code>, ${plural(total, 'row')}`] as const]),
    ['SHA-256', html`<code>${environment.data[train] ?? 'unknown'}</code>`],
    ...(test === null ? [] : [['texts to predict', html`<code>${test}</code>`] as const]),
    ...parameters.map(([path, value]) => [path, html`<code>${shownValue(value)}</code>`] as const),
  ])}
<p class="muted small">All other parameters have their defaults; config.yaml holds every one.</p>
${report.targets}`;
}

export function timeSection({ journal, run }: RunStory, show: (figure: string) => Html | undefined): Html {
  const timed = journal.jobs.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
  const longest = Math.max(...timed, 1e-9);
  const total = timed.reduce((sum, seconds) => sum + seconds, 0);
  const hasUsage = journal.jobs.some(({ peakBytes }) => peakBytes !== null);
  const row = ({ id, seconds, cpuSeconds, peakBytes }: JobStory): readonly (Html | string)[] => [
    id,
    seconds === null ? 'from the cache' : duration(seconds),
    seconds === null ? '' : bar(seconds / longest),
    ...(hasUsage
      ? [
          cpuSeconds === null || seconds === null ? '–' : (cpuSeconds / Math.max(seconds, 1e-3)).toFixed(1),
          peakBytes === null ? '–' : bytes(peakBytes),
        ]
      : []),
  ];
  const withAll = journal.starts > 1 && ' What was interrupted counts with all its starts.';
  const limits = showsLimits(journal.looks, run.environment.machine) ? ' The dashed lines are what the machine has.' : '';
  return html`<p>${duration(total)} of work in ${plural(journal.starts, 'start')}.${withAll}</p>
${table(['job', 'time', '', ...(hasUsage ? ['cores at work', 'peak memory'] : [])], journal.jobs.map(row))}
${hasUsage && html`<p class="muted small">Peak memory is the most that the whole process held while the job ran.</p>`}
${show('system') !== undefined &&
  figure(show('system'), `The process and all that it has started, looked at every ten seconds.${limits}`)}`;
}

export function environmentSection({ run, journal }: RunStory): Html {
  const { environment, folder } = run;
  const { versions, machine, git } = environment;
  const { adapter, passedOver } = environment.deviceChoice ?? { adapter: null, passedOver: {} };
  const notices = journal.jobs.flatMap((job) => job.notices.map((message) => `${job.id}: ${message}`));
  return html`${facts([
    ['again', html`<code>npx pipeline run ${pathFromHere(folder)}/config.yaml</code>, from the folder that the paths of the data start at`],
    ['started with', html`<code>${environment.commandLine.length === 0 ? 'pipeline run' : environment.commandLine.join(' ')}</code>`],
    ...(journal.startedAt === null ? [] : [['at', `${minuteOf(journal.startedAt)} local time`] as const]),
    ['versions', Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')],
    ['git', git === null ? 'not in a repository' : html`<code>${git.commit}</code>${git.dirty && ', with changes that are not committed'}`],
    ['device', `${environment.device}${adapter === null ? '' : ` (${adapter})`}, ${plural(environment.threads, 'thread')}`],
    ...(['float32', undefined].includes(environment.precision) ? [] : [['products of matrices', `in ${environment.precision}`] as const]),
    ...Object.entries(passedOver).map(([device, reason]) => [`not on ${device}`, reason] as const),
    ['machine', `${machine.cpu}, ${plural(machine.cores, 'core')}, ${bytes(machine.memoryBytes)}, ${machine.platform}`],
    ...notices.map((notice) => ['notice', notice] as const),
  ])}
<h3>Files that it read</h3>
${table(
  ['file', 'SHA-256'],
  Object.entries(environment.data).map(([path, hash]) => [html`<code>${path}</code>`, html`<code>${hash.slice(0, 16)}…</code>`]),
)}`;
}
