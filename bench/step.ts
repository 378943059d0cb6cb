import { batchSize, openOurs, openPytorch, randomBatch, randomBert, type Side, type Size, type Way } from './classifier.ts';
import { milliseconds, none, times, type Finding, type Measurement, type Setting } from './measurement.ts';
import { openPython, type Python } from './python.ts';
import { takeTurns, type Times } from './turns.ts';

export interface StepOptions {
  readonly sizes: readonly Size[];
  /** Turns that each side gets. */
  readonly shots: number;
  readonly ways: readonly Way[];
}

export const ways = ['eager', 'fused', 'compiled'] as const satisfies readonly Way[];

const lengths = [32, 64] as const;
/** How many times PyTorch eager's steps per second we want to make. The other ways only must not be faster than ours. */
const goals: Readonly<Record<Size, number>> = { tiny: 2, minilm: 1.5, base: 1.25 };

/** One training step of random models on random batches, ours and PyTorch's ways in turn. */
export function measureStep(setting: Setting, options: StepOptions): Measurement {
  return {
    title: 'training step',
    columns: [
      'model, batch × length',
      'ortrain ms',
      'eager ms',
      'fused Adam ms',
      'torch.compile ms',
      'speed / eager',
      'goal',
      '/ fused',
      '/ compile',
      'quiet shots',
    ],
    findings: findings(setting, options),
  };
}

async function* findings({ threads, python: interpreter }: Setting, { sizes, shots, ways: asked }: StepOptions): AsyncGenerator<Finding> {
  const python = interpreter === undefined ? undefined : await openPython(interpreter);
  const left = new Set<string>();
  try {
    for (const size of sizes) {
      for (const length of lengths) {
        const { sides, unavailable } = await openSides(size, threads, asked, python);
        unavailable.forEach((sentence) => left.add(sentence));
        const batch = randomBatch(length);
        const runners = sides.map((side) => ({ name: side.name, steps: (count: number) => side.steps(batch, count) }));
        const taken = await takeTurns(runners, shots, python === undefined ? [] : [python.pid]);
        for (const side of sides) await side.close();
        yield row(size, length, new Map(taken.map((each) => [each.name, each])));
      }
    }
  } finally {
    await python?.close();
  }
  yield 'Times are medians / minima of a step; speeds are PyTorch’s time divided by ours, so above 1 we are faster, and stand in brackets where the machine was too busy for them to mean much.';
  yield* left;
}

async function openSides(
  size: Size,
  threads: number,
  asked: readonly Way[],
  python: Python | undefined,
): Promise<{ readonly sides: readonly Side[]; readonly unavailable: readonly string[] }> {
  const subject = randomBert(size, threads);
  const sides = [await openOurs(subject)];
  const unavailable: string[] = [];
  for (const way of python === undefined ? [] : asked) {
    const side = await openPytorch(subject, way, python as Python);
    if (typeof side === 'string') unavailable.push(`PyTorch ${way} is left out: ${side}`);
    else sides.push({ ...side, name: way });
  }
  return { sides, unavailable };
}

function row(size: Size, length: number, taken: ReadonlyMap<string, Times>): readonly string[] {
  const ours = taken.get('ortrain');
  if (ours === undefined) throw new Error('nothing was measured');
  const time = (name: string): string => shown(taken.get(name));
  return [
    `${size} ${batchSize} × ${length}`,
    ...[ours.name, ...ways].map(time),
    speed(ours, taken.get('eager')),
    goals[size].toFixed(2),
    ...ways.slice(1).map((way) => speed(ours, taken.get(way))),
    `${[...taken.values()].map(({ quietShots }) => quietShots).join(', ')} of ${ours.shots}`,
  ];
}

function shown(taken: Times | undefined): string {
  return taken === undefined ? none : `${milliseconds(taken.median)} / ${milliseconds(taken.minimum)}`;
}

function speed(ours: Times, theirs: Times | undefined): string {
  if (theirs === undefined) return none;
  const text = `${times(theirs.median, ours.median)} / ${times(theirs.minimum, ours.minimum)}`;
  return ours.disturbed || theirs.disturbed ? `(${text})` : text;
}
