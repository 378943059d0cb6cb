/** Path to value of every leaf of a JSON value, such as `training.optimizer.lr`; a list is a leaf. */
export function leafValues(value: unknown, path: readonly string[] = []): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { [path.join('.')]: value };
  return Object.assign({}, ...Object.entries(value).map(([key, member]) => leafValues(member, [...path, key])));
}
