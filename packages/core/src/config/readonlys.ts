import type { Plugin } from "../contract/plugin.ts";

/** All of `T` may be readonly, and plugins and functions stay what they are. */
export type Readonlys<T> = unknown extends T
  ? T
  : T extends Plugin | ((...args: never[]) => unknown)
    ? T
    : { readonly [K in keyof T]: Readonlys<T[K]> };
