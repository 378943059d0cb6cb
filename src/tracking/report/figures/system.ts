import type { Environment } from '../../../core/environment.ts';
import type { Figure, Spec } from '../../../core/page/figure.ts';
import { blue, green, muted, orange } from '../../../core/page/palette.ts';
import type { Look } from '../../history.ts';

const WIDTH = 600;
const HEIGHT = 70;
/** Room for the numbers on the left, so that the panels stand flush. */
const LEFT = 34;
/** A minute's looks; fewer show nothing that the table does not. */
const LEAST_LOOKS = 6;
/** More points than this lie closer than a line is wide. */
const MOST_POINTS = 300;

export function tellsSomething(looks: readonly Look[]): boolean {
  return looks.length >= LEAST_LOOKS;
}

/** Cores at work and memory over the time of the run, and where there are GPUs, how busy and how full the fullest of them is. */
export function systemFigure(looks: readonly Look[], machine: Environment['machine']): Figure {
  const [unit, seconds] = unitOf(looks);
  const all = panels(looks, machine);
  return {
    name: 'system',
    title: 'What the run took of the machine over time',
    spec: {
      data: { values: [] },
      spacing: 34,
      bounds: 'flush',
      vconcat: all.map((panel, i) => drawn(panel, [0, (looks.at(-1)?.seconds ?? 0) / seconds], i === all.length - 1 ? unit : null)),
    },
  };
}

/** Whether a dashed line says what the machine has: only where the run comes near it. */
export function showsLimits(looks: readonly Look[], machine: Environment['machine']): boolean {
  return panels(looks, machine).some(isNear);
}

function unitOf(looks: readonly Look[]): readonly [string, number] {
  return (looks.at(-1)?.seconds ?? 0) > 2 * 3600 ? ['hours', 3600] : ['minutes', 60];
}

function panels(looks: readonly Look[], { cores, memoryBytes }: Environment['machine']): readonly Panel[] {
  const [, seconds] = unitOf(looks);
  const over = (title: string, color: string, most: number | null, valueOf: (look: Look) => number): Panel => {
    const values = thinned(
      looks.map((look) => ({ at: look.seconds / seconds, value: valueOf(look) })).filter(({ value }) => Number.isFinite(value)),
    );
    return { title, color, most, values };
  };
  const gpu = (of: 'percent' | 'usedBytes', scale: number) => (look: Look) =>
    Math.max(...(look.gpus ?? []).map((each) => each[of]).filter((value) => value !== null)) / scale;
  return [
    over('cores at work', blue, cores, ({ cpuPercent }) => cpuPercent / 100),
    over('memory, GB', orange, memoryBytes / 1e9, (look) => look.memoryBytes / 1e9),
    over('GPU at work, %', green, 100, gpu('percent', 1)),
    over('GPU memory, GB', green, null, gpu('usedBytes', 1e9)),
  ].filter(({ values }) => values.length > 0);
}

/** What the machine has would otherwise press the curve flat. */
function isNear({ most, values }: Panel): boolean {
  return most !== null && most <= 4 * Math.max(...values.map(({ value }) => value));
}

/** `unit` stands below the lowest panel. */
function drawn(panel: Panel, domain: readonly [number, number], unit: string | null): Spec {
  const x = {
    field: 'at',
    type: 'quantitative',
    scale: { domain, nice: false },
    axis: { title: unit, ...(unit === null ? { labels: false } : {}) },
  };
  const { title, color, most, values } = panel;
  const limit = most !== null && isNear(panel) ? most : null;
  const y = {
    field: 'value',
    type: 'quantitative',
    title: null,
    scale: { domainMin: 0, ...(limit === null ? {} : { domainMax: Math.max(limit, ...values.map(({ value }) => value)) }) },
    axis: { minExtent: LEFT, maxExtent: LEFT, tickCount: 3 },
  };
  return {
    width: WIDTH,
    height: HEIGHT,
    title,
    layer: [
      ...(limit === null
        ? []
        : [
            {
              data: { values: [{ value: limit }] },
              mark: { type: 'rule', color: muted, strokeWidth: 1, strokeDash: [4, 3], opacity: 0.7 },
              encoding: { y },
            },
          ]),
      { data: { values }, mark: { type: 'area', color, opacity: 0.18 }, encoding: { x, y } },
      { data: { values }, mark: { type: 'line', color, strokeWidth: 1.5 }, encoding: { x, y } },
    ],
  };
}

interface Panel {
  readonly title: string;
  readonly color: string;
  /** What the machine has; null where that is not known. */
  readonly most: number | null;
  readonly values: readonly Point[];
}

interface Point {
  readonly at: number;
  readonly value: number;
}

/** Of neighbours that would lie on each other the highest. */
function thinned(values: readonly Point[]): readonly Point[] {
  const size = Math.ceil(values.length / MOST_POINTS);
  const starts = Array.from({ length: Math.ceil(values.length / size) || 0 }, (_, i) => i * size);
  return starts.map((start) => values.slice(start, start + size).reduce((highest, each) => (each.value > highest.value ? each : highest)));
}
