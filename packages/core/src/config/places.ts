/** Where a value of a file stands, and where its members do. */
export interface Place {
  /** Counted from 1; of a member of a dictionary it is the line of its key. */
  readonly line: number;
  readonly members: ReadonlyMap<string | number, Place>;
}

/** The line of the value at a path; null if it is unknown. If there is none, it is that of the value that it should be in. */
export type Locate = (path: readonly (string | number)[]) => number | null;
