import { OrtrainError } from '../../../core/errors.ts';
import { compileUpdate, instantiate, settingsOf, type UpdateKernels } from '../../optim/index.ts';
import type { ParameterGroup, StepRates, UpdateRule } from '../../optim/index.ts';
import type { Region } from './memory.ts';

/** A parameter that is trained, where it and its slots live. */
export interface Trained {
  readonly name: string;
  readonly parameter: Region;
  /** In the order of the rule's slots. */
  readonly slots: readonly Region[];
  readonly group: ParameterGroup;
  /** Numbers in a row, where gradients come by row. */
  readonly width: number | undefined;
}

/** The gradient of the parameter at the same place in the list. With `rows`, values are [rows, width] and all other rows zero. */
export interface Gradient {
  readonly values: Float32Array;
  readonly rows: Int32Array | undefined;
}

export interface Updater {
  /** Σ g² over all gradients, in float64: not finite if any element is not. */
  sumOfSquares(gradients: readonly Gradient[]): number;
  /** Updates every parameter in place, rows without a gradient too: their decay and moments go on as in a dense update. */
  update(gradients: readonly Gradient[], at: StepRates, factor: number): void;
}

/**
 * Gradients pass through a part of the memory that stays in the cache: a piece is copied there, used, and replaced by the
 * next. 16,384 numbers are 64 KiB; with the same pieces of p, m and v they fill a quarter of a megabyte.
 */
export const PIECE = 16384;

/** A memory that parameters and their slots live in. */
export interface Home {
  readonly memory: WebAssembly.Memory;
  readonly workspace: Workspace;
}

/** Two working areas in each memory, for gradients that come whole and by row. The second stays zero between uses. */
export interface Workspace {
  readonly dense: Region;
  readonly sparse: Region;
}

/** How long the areas have to be for gradients with these row widths. */
export function workspaceLengths(widths: readonly (number | undefined)[]): ReadonlyMap<keyof Workspace, number> {
  return new Map([
    ['dense', PIECE],
    ['sparse', Math.max(PIECE, ...widths.map((width) => width ?? 0))],
  ]);
}

/** @param homes the memories, as regions name them; there is at least one */
export function openUpdater(rule: UpdateRule, homes: readonly Home[], trained: readonly Trained[]): Updater {
  const code = compileUpdate(rule);
  const kernels = homes.map(({ memory }) => instantiate<UpdateKernels>(code, memory));
  const rowPlaces = trained.map(({ parameter, width }) =>
    width === undefined ? undefined : new Int32Array(parameter.data.length / width).fill(-1),
  );

  return {
    sumOfSquares(gradients) {
      let total = 0;
      const [{ dense }, { sumOfSquares }] = [homes[0]!.workspace, kernels[0]!];
      for (const { values } of gradients) inPieces(values, dense, (_start, n) => (total += sumOfSquares(dense.address, n)));
      return total;
    },
    update(gradients, at, factor) {
      gradients.forEach(({ rows }, i) => rows !== undefined && placeRows(rows, rowPlaces[i]!, trained[i]!.name));
      trained.forEach(({ parameter, slots, group, width }, i) => {
        const scalars = Object.values(rule.scalars).map((scalar) => scalar(settingsOf(group, at)));
        const { dense, sparse } = homes[parameter.home]!.workspace;
        const { update } = kernels[parameter.home]!;
        const updateFrom = (gradient: Region) => (start: number, n: number) => {
          const here = ({ address }: Region): number => address + 4 * start;
          update(here(parameter), gradient.address, ...slots.map(here), n, factor, ...scalars);
        };
        const { values } = gradients[i]!;
        const places = rowPlaces[i];
        if (places === undefined) inPieces(values, dense, updateFrom(dense));
        else inRows(values, width!, places, sparse, updateFrom(sparse));
      });
    },
  };
}

/** Copies the values piece by piece to the region's start, and calls `use` with each piece's place and length. */
export function inPieces(values: Float32Array, region: Region, use: (start: number, n: number) => void): void {
  for (let start = 0; start < values.length; start += PIECE) {
    const piece = values.subarray(start, start + PIECE);
    region.data.set(piece);
    use(start, piece.length);
  }
}

/**
 * `inPieces` over the whole table of which `values` [rows, width] holds some rows: `places` says where each table row stands
 * in `values`, or -1, which it says for all of them afterwards. The region is zero before and after.
 */
function inRows(values: Float32Array, width: number, places: Int32Array, region: Region, use: (start: number, n: number) => void): void {
  const rowsAtOnce = Math.max(1, Math.floor(PIECE / width));
  for (let first = 0; first < places.length; first += rowsAtOnce) {
    const end = Math.min(first + rowsAtOnce, places.length);
    const used: number[] = [];
    for (let row = first; row < end; row += 1) {
      const place = places[row]!;
      if (place === -1) continue;
      region.data.set(values.subarray(place * width, (place + 1) * width), (row - first) * width);
      used.push(row);
    }
    use(first * width, (end - first) * width);
    for (const row of used) {
      region.data.fill(0, (row - first) * width, (row - first + 1) * width);
      places[row] = -1;
    }
  }
}

/** Notes where each row stands. A row outside the table, or named twice, would lose its gradient: that is a defect of the batch. */
function placeRows(rows: Int32Array, places: Int32Array, parameter: string): void {
  rows.forEach((row, place) => {
    if (places[row] !== -1) {
      places.fill(-1);
      throw new OrtrainError('run', `row ${row} of ${parameter} is fed twice or does not exist`, { subject: parameter });
    }
    places[row] = place;
  });
}
