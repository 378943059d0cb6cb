import { appendFileSync } from 'node:fs';

/** What a part of the check found: figures by name, or why there are none. */
export type Figures = Readonly<Record<string, unknown>>;

export interface Line {
  readonly part: string;
  /** False where the part failed, or a figure is outside of its tolerance. */
  readonly ok: boolean;
  readonly seconds: number;
  readonly figures: Figures;
}

/** One JSON object a line, written as it is found, so that a check that is cut off leaves what was done. */
export function report(path: string, line: Line): void {
  appendFileSync(path, `${JSON.stringify(line)}\n`);
  console.log(`${line.ok ? 'ok  ' : 'FAIL'} ${line.part} (${line.seconds.toFixed(1)} s) ${JSON.stringify(line.figures)}`);
}

export const rounded = (x: number, digits = 4): number => Number(x.toPrecision(digits));
