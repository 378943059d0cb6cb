/** What runs of a loop were seen to take: k steps take overhead + k · step seconds. */
export interface Pace {
  /** Seconds for the state's way to the device and back. */
  readonly overhead: number;
  readonly step: number;
  /** Bytes that a step is fed. */
  readonly bytes: number;
  /** The most steps that a run has had. */
  readonly largest: number;
}

const LARGEST_SHARE = 0.05;
/** Nobody hears of a run before its end: so long may progress, a checkpoint or a request to stop have to wait. */
const LONGEST_SECONDS = 10;
const LARGEST_FEED = 2 ** 28;
/** A few steps are no sure measure: those after them may be longer. */
const GROWTH = 4;

/** A step too short to measure takes this. */
const SHORTEST_STEP = 1e-6;

/** The fewest steps that keep the overhead below a twentieth of a run, as far as time and memory allow. */
export function stepsPerRun({ overhead, step, bytes, largest }: Pace): number {
  const each = Math.max(step, SHORTEST_STEP);
  const enough = Math.floor((overhead * (1 / LARGEST_SHARE - 1)) / each) + 1;
  const most = Math.min((LONGEST_SECONDS - overhead) / each, LARGEST_FEED / bytes, GROWTH * largest);
  return Math.max(1, Math.floor(Math.min(enough, most)));
}
