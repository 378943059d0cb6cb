/** Which of a run's models: that of a fold, or of all rows; `seed` where each is trained with several. */
export interface ModelId {
  readonly fold: number | 'all';
  readonly seed?: number | undefined;
}

/** Its folder below `models/`: `fold-2`, `fold-2-seed-7`, `all`. */
export function modelName({ fold, seed }: ModelId) {
  const ofRows = fold === 'all' ? 'all' : (`fold-${fold}` as const);
  return seed === undefined ? ofRows : (`${ofRows}-seed-${seed}` as const);
}

/** `fold 2`, `fold 2 · seed 7`, `all rows`. */
export function modelInWords({ fold, seed }: ModelId): string {
  return `${fold === 'all' ? 'all rows' : `fold ${fold}`}${seed === undefined ? '' : ` · seed ${seed}`}`;
}

/** Undefined where it is no name that `modelName` gives. */
export function modelIdOf(name: string): ModelId | undefined {
  const [whole, fold, seed] = /^(?:fold-(0|[1-9]\d{0,8})|all)(?:-seed-(0|[1-9]\d{0,9}))?$/.exec(name) ?? [];
  if (whole === undefined) return undefined;
  return { fold: fold === undefined ? 'all' : Number(fold), ...(seed === undefined ? {} : { seed: Number(seed) }) };
}

/** The order of models: by fold, those of all rows last, and by seed. */
export function byModel(a: ModelId, b: ModelId): number {
  const foldOf = ({ fold }: ModelId): number => (fold === 'all' ? Number.MAX_SAFE_INTEGER : fold);
  return foldOf(a) - foldOf(b) || (a.seed ?? 0) - (b.seed ?? 0);
}
