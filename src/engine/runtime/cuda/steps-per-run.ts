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

/** A run of a loop that has ended. */
export interface TimedRun {
  readonly steps: number;
  readonly seconds: number;
  /** Of what its steps were fed, all together. */
  readonly bytes: number;
}

/** Learns from a loop's runs how many steps the next one should have. */
export interface Pacer {
  ended(run: TimedRun): void;
  stepsPerRun(): number;
}

/**
 * The first run makes everything ready, so its time says nothing. The next two, of few and of more steps, give the overhead and
 * the time of a step; later ones, longer and so surer, take the place of the second.
 */
export function openPacer(): Pacer {
  let [runs, largest, few, many]: [number, number, TimedRun?, TimedRun?] = [0, 1];
  return {
    ended(run) {
      runs += 1;
      largest = Math.max(largest, run.steps);
      if (runs === 1) return;
      if (few === undefined || run.steps <= few.steps) few = run;
      else if (run.steps >= 2 * few.steps) many = run;
    },
    stepsPerRun() {
      if (few === undefined) return runs === 0 ? 1 : GROWTH;
      return stepsPerRun({ ...(many === undefined ? unknownOverhead(few) : fitted(few, many)), largest });
    },
  };
}

/** Through two runs goes one line. */
function fitted(few: TimedRun, many: TimedRun): Omit<Pace, 'largest'> {
  const step = Math.max(0, (many.seconds - few.seconds) / (many.steps - few.steps));
  return { overhead: Math.max(0, few.seconds - few.steps * step), step, bytes: many.bytes / many.steps };
}

/** A longer run is wanted, to tell steps from overhead; if all were steps, the time that a run may take still holds. */
function unknownOverhead({ steps, seconds, bytes }: TimedRun): Omit<Pace, 'largest'> {
  return { overhead: Infinity, step: seconds / steps, bytes: bytes / steps };
}

const LARGEST_SHARE = 0.05;
/**
 * Nobody hears of a run before its end: so long may progress, a checkpoint or a request to stop have to wait. BERT-base's state takes
 * 0.8 s to an H100 and back, which is a twentieth of 16 s.
 */
const LONGEST_SECONDS = 18;
const LARGEST_FEED = 2 ** 28;
/** A few steps are no sure measure: those after them may be longer. */
const GROWTH = 8;

/** A step too short to measure takes this. */
const SHORTEST_STEP = 1e-6;

/**
 * The fewest steps that keep the overhead below a twentieth of a run, as far as time and memory allow; an infinite overhead is an unknown
 * one.
 */
export function stepsPerRun({ overhead, step, bytes, largest }: Pace): number {
  const each = Math.max(step, SHORTEST_STEP);
  const enough = Math.floor((overhead * (1 / LARGEST_SHARE - 1)) / each) + 1;
  const known = Number.isFinite(overhead) ? overhead : 0;
  const most = Math.min((LONGEST_SECONDS - known) / each, LARGEST_FEED / bytes, GROWTH * largest);
  return Math.max(1, Math.floor(Math.min(enough, most)));
}
