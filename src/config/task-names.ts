/** What can be learned about a text. */
export const taskNames = ['classification', 'multi-label', 'regression', 'ordinal'] as const;

export type TaskName = (typeof taskNames)[number];
