/** Standard normal probabilities to double precision, also far out. */

/** ln of the probability that a standard normal number lies between a and b, a < b. */
export function logMass(a: number, b: number): number {
  // By symmetry both ends of an interval on one side are looked at where the tail is small.
  if (a > 0) return logMass(-b, -a);
  if (b <= 0) return Math.log(lowerTail(b) - lowerTail(a));
  return Math.log1p(-lowerTail(a) - lowerTail(-b));
}

/** Φ(z). */
export function normalCdf(z: number): number {
  return z <= 0 ? lowerTail(z) : 1 - lowerTail(-z);
}

/** ln of the density. */
export function logDensity(z: number): number {
  return -0.5 * z * z - HALF_LOG_TAU;
}

/** Φ(z) of z <= 0: the series of erf near zero, the continued fraction of the tail elsewhere (Abramowitz and Stegun 26.2.11, 26.2.14). */
function lowerTail(z: number): number {
  const x = -z;
  if (x === Infinity) return 0;
  return x < SERIES_UP_TO ? 0.5 - Math.exp(logDensity(x)) * series(x) : Math.exp(logDensity(x)) / fraction(x);
}

/** x + x³/3 + x⁵/(3·5) + … */
function series(x: number): number {
  let [term, sum] = [x, x];
  for (let k = 3; term > sum * Number.EPSILON; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return sum;
}

/** x + 1/(x + 2/(x + 3/(x + …))) */
function fraction(x: number): number {
  let value = x;
  for (let k = 200; k >= 1; k -= 1) value = x + k / value;
  return value;
}

const SERIES_UP_TO = 2.5;
const HALF_LOG_TAU = 0.5 * Math.log(2 * Math.PI);
