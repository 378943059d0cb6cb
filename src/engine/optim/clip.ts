/** What keeps a norm of zero from dividing, as `torch.nn.utils.clip_grad_norm_` has it. */
export const CLIP_EPSILON = 1e-6;

/** The factor that brings a global gradient norm down to `maxNorm`: `torch.nn.utils.clip_grad_norm_`. */
export function clipFactor(norm: number, maxNorm: number | null): number {
  return maxNorm === null ? 1 : Math.min(1, maxNorm / (norm + CLIP_EPSILON));
}
