/** Student's t and the binomial distribution, both through the regularized incomplete beta function. */

/** P(T ≤ t) of Student's t with `freedom` degrees of freedom: 1 − I(ν / (ν + t²); ν/2, 1/2) / 2 for t ≥ 0. */
export function studentCdf(t: number, freedom: number): number {
  const tail = studentTails(t, freedom) / 2;
  return t < 0 ? tail : 1 - tail;
}

/** P(|T| ≥ |t|), the two-sided p value of a t statistic. */
export function studentTails(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** The t below which a share `p` of Student's t lies, 0 < p < 1; by bisection, to the last digits of a number. */
export function studentQuantile(p: number, freedom: number): number {
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  let [low, high] = [0, 1];
  while (studentCdf(high, freedom) < p) [low, high] = [high, 2 * high];
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (studentCdf(middle, freedom) < p) low = middle;
    else high = middle;
  }
  return high;
}

/** P(X ≤ k) of a binomial variable of n trials: I(1 − p; n − k, k + 1). */
export function binomialCdf(k: number, n: number, p: number): number {
  return k >= n ? 1 : incompleteBeta(1 - p, n - k, k + 1);
}

/** The regularized incomplete beta function I(x; a, b) by its continued fraction (Press et al., Numerical Recipes, 6.4). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  // The fraction converges quickly on the near side of the distribution's mean; beyond it the symmetry I(x; a, b) = 1 − I(1 − x; b, a)
  // leads there.
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** Terms after which the fraction has converged for any count of rows that fits into memory; it takes about √max(a, b). */
const MOST_TERMS = 100_000;
/** Keeps Lentz's denominators away from zero. */
const TINY = 1e-300;

/** Lentz's evaluation of the continued fraction of the incomplete beta function. */
function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      change = c * d;
      result *= change;
    }
    if (Math.abs(change - 1) < Number.EPSILON) break;
  }
  return result;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Lanczos' approximation with g = 7 and nine terms (Godfrey's coefficients), good to about 15 digits for x > 0. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const [first = 0, ...others] = LANCZOS;
  const series = others.reduce((sum, coefficient, i) => sum + coefficient / (x + i), first);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
