/** A loop that asks nobody. */
export function forEver(): never {
  for (;;);
}
