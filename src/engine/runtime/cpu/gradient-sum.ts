import { compileSum, instantiate, type SumKernel } from '../../optim/index.ts';
import { reserve } from './memory.ts';
import { inPieces, PIECE, type Gradient } from './updater.ts';

/** The gradients of a batch, summed over its micro-batches. */
export interface GradientSum {
  /** Adds the gradients of a micro-batch, each times `share`. */
  add(gradients: readonly Gradient[], share: number): void;
  /** What was added since it was taken last; valid until something is added. */
  take(): readonly Gradient[];
}

/** A gradient that comes whole has as many numbers as its parameter; one by row is given by the width of a row. */
export type GradientLayout = { readonly length: number } | { readonly width: number };

/**
 * Whole gradients are summed in WebAssembly memories of their own, with those by row beside them: of these only rows that occur.
 *
 * @param memoryLimit bytes of one memory
 */
export function openGradientSum(layout: readonly GradientLayout[], memoryLimit?: number): GradientSum {
  const lengths = layout.flatMap((each, i) => ('length' in each ? [[String(i), each.length] as const] : []));
  const { memories, groups, beside } = reserve([new Map(lengths)], new Map([['piece', PIECE]]), memoryLimit);
  const sums = groups[0]!;
  const homes = memories.map((memory, home) => ({
    piece: beside[home]!.get('piece')!,
    ...instantiate<SumKernel>(compileSum(), memory),
  }));
  const tables = layout.map((each) => ('width' in each ? openRows(each.width) : undefined));
  let isNew = true;

  return {
    add(gradients, share) {
      if (isNew) {
        for (const { data } of sums.values()) data.fill(0);
        for (const table of tables) table?.clear();
      }
      isNew = false;
      gradients.forEach(({ values, rows }, i) => {
        const sum = sums.get(String(i));
        if (sum === undefined) return tables[i]!.add(values, rows!, share);
        const { piece, addScaled } = homes[sum.home]!;
        inPieces(values, piece, (start, n) => addScaled(sum.address + 4 * start, piece.address, n, share));
      });
    },
    take() {
      isNew = true;
      return layout.map((_, i) => tables[i]?.gradient() ?? { values: sums.get(String(i))!.data, rows: undefined });
    },
  };
}

interface Rows {
  add(values: Float32Array, rows: Int32Array, share: number): void;
  gradient(): Gradient;
  clear(): void;
}

/** Rows of a table in the order in which they first come. */
function openRows(width: number): Rows {
  const places = new Map<number, number>();
  let sum = new Float32Array(0);
  return {
    add(values, rows, share) {
      for (const row of rows) if (!places.has(row)) places.set(row, places.size);
      const before = sum;
      sum = new Float32Array(places.size * width);
      sum.set(before);
      rows.forEach((row, r) => {
        const [to, from] = [places.get(row)! * width, r * width];
        for (let i = 0; i < width; i += 1) sum[to + i]! += Math.fround(share * values[from + i]!);
      });
    },
    gradient: () => ({ values: sum, rows: Int32Array.from(places.keys()) }),
    clear() {
      places.clear();
      sum = new Float32Array(0);
    },
  };
}
