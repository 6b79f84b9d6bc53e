/** The part of js-yaml that is used here. It brings no types of its own. */
declare module "js-yaml" {
  export function load(text: string): unknown;

  export class YAMLException extends Error {
    /** What is wrong. It may contain text of the file. */
    readonly reason: string;
    /** The place; absent if the whole file is wrong. Both count from 0. */
    readonly mark?: { readonly line: number; readonly column: number };
  }
}
