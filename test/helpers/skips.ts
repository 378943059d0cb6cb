/** Passes the condition on for `skipIf`, and prints why where it holds. */
export function because(reason: string, condition: boolean): boolean {
  if (condition) console.warn(`skipped: ${reason}`);
  return condition;
}
