/**
 * Processes items in their order, up to `lanes` of them at a time, and answers with the results in that order. After the first
 * failure no item is started, `stop` is called so that running work can end early, and once all of it has ended the failure is thrown.
 *
 * @param work gets the number of its lane, from 0; a lane does one item after the other
 */
export async function inParallel<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T, lane: number) => Promise<R>,
  stop: () => void,
): Promise<readonly R[]> {
  const results: R[] = [];
  let failure: { readonly error: unknown } | undefined;
  const waiting = items.entries();
  const lane = async (number: number): Promise<void> => {
    for (const [i, item] of waiting) {
      try {
        results[i] = await work(item, number);
      } catch (error) {
        failure ??= { error };
        stop();
      }
      if (failure !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, (_, number) => lane(number)));
  if (failure !== undefined) throw failure.error;
  return results;
}
