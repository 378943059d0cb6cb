import { Listr, ListrLogger, ProcessOutput, type ListrTask } from 'listr2';
import type { Listener, RunEvent } from '../../core/events.ts';
import { modelInWords } from '../../core/model-name.ts';
import { duration, pathFromHere, plural, printable } from '../render/layout/text.ts';
import { advance, nothingYet } from '../../tracking/index.ts';
import { foldsSecondsLeft, secondsTaken, stateOf, type RunState, type JobState } from './state.ts';
import { activity, downloading, headlines, STOPPING } from './words.ts';

/** A display that redraws itself while a run goes on. */
export interface LiveProgress {
  readonly listen: Listener<RunEvent>;
  /** Draws a last time and gives the terminal back; to be called whatever happens. */
  end(): Promise<void>;
}

/** One row for the experiment, below it its stages, below a stage its folds. */
export function liveProgress(
  title: string,
  signal: AbortSignal,
  stream: NodeJS.WriteStream = process.stderr,
  clock: () => number = () => performance.now(),
): LiveProgress {
  let history = nothingYet;
  let state = stateOf(history);
  const followers = new Set<() => void>();
  const redraw = (): void => [...followers].forEach((look) => look());

  /** Settles when the state meets the condition; until then `draw` is called at every event. */
  const until = (isMet: (state: RunState) => boolean, draw: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        draw();
        const end = isMet(state) ? resolve : state.status === 'failed' ? () => reject(new Error('not finished')) : undefined;
        if (end === undefined) return;
        followers.delete(look);
        end();
      };
      followers.add(look);
      look();
    });

  const foldRow = (id: string): ListrTask => ({
    title: foldTitle(state.jobs.get(id)),
    task: (_, row) =>
      until(isOver([id]), () => {
        const job = state.jobs.get(id);
        row.title = foldTitle(job);
        row.output = job?.status === 'running' ? activity(job, clock()) : '';
      }),
  });

  const stageRow = (stage: string, ids: readonly string[]): ListrTask => ({
    title: stage,
    task: async (_, row) => {
      const rename = (): void => {
        row.title = stageTitle(stage, ids, state, clock());
      };
      if (ids.length > 1) {
        void until(isOver(ids), rename).catch(() => {});
        // A row is drawn as running once it is begun, so there are as many as folds run at a time.
        await until(
          (now) => lanesOf(ids, now) !== undefined || isOver(ids)(now),
          () => {},
        );
        return row.newListr(ids.map(foldRow), { exitOnError: true, concurrent: lanesOf(ids, state) ?? 1 });
      }
      return until(isOver(ids), () => {
        rename();
        const job = state.jobs.get(ids[0] ?? '');
        row.output = job?.status === 'running' ? activity(job, clock()) : '';
      });
    },
  });

  const rows = new Listr(
    [
      {
        title,
        task: async (_, row) => {
          await until(
            ({ status }) => status !== 'preparing',
            () => {
              row.output = state.download === undefined ? 'preparing' : downloading(state.download);
            },
          );
          row.output = signal.aborted ? STOPPING : '';
          signal.addEventListener('abort', () => {
            row.output = STOPPING;
          });
          row.title = `${state.run} · ${pathFromHere(state.folder)}`;
          return row.newListr(
            [...stagesOf(state)].map(([stage, ids]) => stageRow(stage, ids)),
            { exitOnError: true },
          );
        },
      },
    ],
    {
      registerSignalListeners: false,
      fallbackRendererCondition: false,
      rendererOptions: {
        collapseSubtasks: false,
        showErrorMessage: false,
        formatOutput: 'truncate',
        logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream) }),
      },
    },
  );
  const drawn = rows.run().catch(() => {});

  return {
    listen(event) {
      history = advance(history, { ...event, t: clock() });
      state = stateOf(history);
      redraw();
    },
    async end() {
      if (state.status !== 'done') state = { ...state, status: 'failed' };
      redraw();
      await drawn;
    },
  };
}

const isOver =
  (ids: readonly string[]) =>
  (state: RunState): boolean =>
    ids.every((id) => ['done', 'cached'].includes(state.jobs.get(id)?.status ?? ''));

function lanesOf(ids: readonly string[], state: RunState): number | undefined {
  return ids.map((id) => state.jobs.get(id)?.lanes).find((lanes) => lanes !== undefined);
}

function stagesOf(state: RunState): ReadonlyMap<string, readonly string[]> {
  const stages = new Map<string, readonly string[]>();
  for (const { id, stage } of state.jobs.values()) stages.set(stage, [...(stages.get(stage) ?? []), id]);
  return stages;
}

/** `train · 2 of 5 folds · 12 min 05 s left` */
function stageTitle(stage: string, ids: readonly string[], state: RunState, now: number): string {
  const jobs = ids.flatMap((id) => state.jobs.get(id) ?? []);
  const over = jobs.filter(({ status }) => status === 'done' || status === 'cached');
  if (over.length === jobs.length) {
    return `${stage} · ${over.every(({ status }) => status === 'cached') ? 'from the cache' : duration(secondsTaken(over))}`;
  }
  const left = foldsSecondsLeft(jobs, now);
  const unit = jobs.some(({ seed }) => seed !== undefined) ? 'model' : 'fold';
  return [
    stage,
    ...(jobs.length > 1 ? [`${over.length} of ${plural(jobs.length, unit)}`] : []),
    ...(left === undefined ? [] : [`${duration(left)} left`]),
  ].join(' · ');
}

/** `fold 1 · epoch 3  val/loss 0.4711  val/f1_macro 0.7810` */
function foldTitle(job: JobState | undefined): string {
  if (job === undefined) return '';
  const { fold, seed } = job;
  const name = fold === undefined && seed === undefined ? printable(job.stage) : modelInWords({ fold: fold ?? 'all', seed });
  if (job.status === 'cached') return `${name} · from the cache`;
  const last = job.epoch === undefined ? '' : ` · epoch ${job.epoch.epoch}  ${headlines(job.epoch.metrics, true)}`;
  return `${name}${last}${job.status === 'done' ? ` · ${duration(job.seconds)}` : ''}`;
}
