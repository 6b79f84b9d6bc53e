/** The part of js-yaml that is used here. It brings no types of its own. */
declare module "js-yaml" {
  /** What the parser is at. */
  export interface State {
    /** Counted from 0. */
    readonly line: number;
    /** The value that has ended, at the event `close`. */
    readonly result: unknown;
  }

  /** @param options.listener is called when the parser begins to look for a value, and when it has read one or none */
  export function load(
    text: string,
    options?: { readonly listener?: (event: "open" | "close", state: State) => void },
  ): unknown;

  /** For tests. */
  export function dump(value: unknown, options?: { readonly flowLevel?: number; readonly noRefs?: boolean }): string;

  export class YAMLException extends Error {
    /** What is wrong. It may contain text of the file. */
    readonly reason: string;
    /** The place; absent if the whole file is wrong. Both count from 0. */
    readonly mark?: { readonly line: number; readonly column: number };
  }
}
