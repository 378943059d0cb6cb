/** The factor that brings a global gradient norm down to `maxNorm`: `torch.nn.utils.clip_grad_norm_`, its 1e-6 included. */
export function clipFactor(norm: number, maxNorm: number | null): number {
  return maxNorm === null ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}
