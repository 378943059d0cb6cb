import type { HostTensor } from 'ortrain/engine';

export interface Points {
  /** [N, 2] */
  readonly x: HostTensor;
  /** The arm that each point is on, 0 or 1: [N, 1] */
  readonly targets: HostTensor;
}

/** Points by turns on two arms that wind around the centre nearly twice; `shift` moves them along, in units of their distance. */
export function spirals(count: number, shift: number): Points {
  const points = Array.from({ length: count }, (_, i) => {
    const arm = i % 2;
    const way = (i + shift) / count;
    const angle = 3.5 * Math.PI * way + Math.PI * arm;
    return { arm, at: [(0.2 + way) * Math.cos(angle), (0.2 + way) * Math.sin(angle)] };
  });
  return {
    x: { dtype: 'float32', shape: [count, 2], data: Float32Array.from(points.flatMap(({ at }) => at)) },
    targets: { dtype: 'float32', shape: [count, 1], data: Float32Array.from(points, ({ arm }) => arm) },
  };
}

/** The share of points whose logit has the sign of their arm. */
export function accuracy(logits: Float32Array, { targets }: Points): number {
  const right = logits.filter((logit, i) => Number(logit > 0) === targets.data[i]);
  return right.length / logits.length;
}
