/** Something that each key allows and all together do not. */
export interface Conflict {
  /** The key to show: the one that was more likely written by mistake. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly suggestion?: string;
}
