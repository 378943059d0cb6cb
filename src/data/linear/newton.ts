/** A convex function of a vector that can be differentiated twice. */
export interface Objective {
  /** Length of the vector. */
  readonly size: number;
  /** The value at `x`; writes its gradient there. */
  evaluate(x: Float64Array, gradient: Float64Array): number;
  /** The Hessian where `evaluate` was last, times `v`, into `product`. */
  curvature(v: Float64Array, product: Float64Array): void;
}

/** The length of the gradient at which the minimum counts as found: a penalty of ½ ‖x‖² keeps x at most as far from it. */
const TOLERANCE = 1e-5;
const MOST_STEPS = 100;
/** Of one system of equations. */
const MOST_INNER_STEPS = 250;

/**
 * The minimum of a convex function, from 0: Newton steps, each solved by conjugate gradients as exactly as it is worth (Nocedal and
 * Wright, Numerical Optimization, algorithm 7.1), halved until they descend.
 *
 * @param onStep called before each pass over the data; may throw to stop
 */
export function minimum(objective: Objective, onStep: () => void): Float64Array {
  const { size } = objective;
  let [x, gradient] = [new Float64Array(size), new Float64Array(size)];
  onStep();
  let value = objective.evaluate(x, gradient);
  let [next, nextGradient] = [new Float64Array(size), new Float64Array(size)];
  for (let step = 0; step < MOST_STEPS; step++) {
    const length = Math.sqrt(dot(gradient, gradient));
    if (!(length > TOLERANCE)) break;
    const direction = newtonStep(objective, gradient, Math.min(0.5, Math.sqrt(length)) * length, onStep);
    const slope = dot(gradient, direction);
    let [found, rate] = [false, 1];
    for (; !found && rate > SHORTEST; rate /= 2) {
      for (let i = 0; i < size; i++) next[i] = x[i]! + rate * direction[i]!;
      onStep();
      const there = objective.evaluate(next, nextGradient);
      found = there <= value + DESCENT * rate * slope;
      if (found) value = there;
    }
    if (!found) break; // as near as rounding lets it come
    [x, next, gradient, nextGradient] = [next, x, nextGradient, gradient];
  }
  return x;
}

/** Armijo's condition. */
const DESCENT = 1e-4;
const SHORTEST = 1e-10;

/** d with H d ≈ −g: the rest, H d + g, is at most `tolerance` long. */
function newtonStep(objective: Objective, gradient: Float64Array, tolerance: number, onStep: () => void): Float64Array {
  const { size } = objective;
  const [step, product] = [new Float64Array(size), new Float64Array(size)];
  const rest = gradient.slice();
  const direction = gradient.map((each) => -each);
  let squares = dot(rest, rest);
  for (let inner = 0; inner < MOST_INNER_STEPS && Math.sqrt(squares) > tolerance; inner++) {
    onStep();
    objective.curvature(direction, product);
    const bend = dot(direction, product);
    if (!(bend > 0)) break; // flat there: nothing to be won
    const rate = squares / bend;
    for (let i = 0; i < size; i++) {
      step[i]! += rate * direction[i]!;
      rest[i]! += rate * product[i]!;
    }
    const before = squares;
    squares = dot(rest, rest);
    const share = squares / before;
    for (let i = 0; i < size; i++) direction[i] = share * direction[i]! - rest[i]!;
  }
  return step;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
