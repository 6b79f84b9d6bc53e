import type { CauseCode } from "./login-cause.ts";

/**
 * The steps of a login. `challenge` and `authenticate` may come again, and `verified` after its own challenge. `then` begins
 * a further factor.
 */
export type StepName = "hello" | "choose" | "challenge" | "authenticate" | "then" | "verified" | "complete" | "welcome";

/** Where a value stands in the config. Never the text of the line, which may hold a secret. */
export interface ConfigRef {
  /** The keys that lead to it: `transports[0].auth.ticket`. */
  readonly path: string;
  readonly file: string;
  /** Counted from 1; null where the config is code. */
  readonly line: number | null;
  /** Where the value itself came from, if it is not written there: all of it was `${NAME}` or `${file:path}`. */
  readonly from?: ValueSource;
}

/** What `${NAME}` or `${file:path}` names: a variable of the environment, or the absolute path of a file. */
export type ValueSource = { readonly env: string } | { readonly file: string };

/** What a step did when it did not end the login. */
export type StepCode =
  "no-tap" | "passed" | "settled" | "chosen" | "challenged" | "accepted" | "known" | "due" | "complete" | "waiting";

/**
 * One step of a login, as a code and what its sentence names: `stepText(step)` makes the sentence. Times are milliseconds
 * since HELLO, with fractions.
 */
export interface LoginStep {
  readonly step: StepName;
  /** The factor that the login was at when it began: 1, or the number of a further one. */
  readonly factor: number;
  /**
   * `no`: the client will not be let in. It learns that at once, or after its further factor. `waited`: nothing was decided,
   * somebody was waited for.
   */
  readonly outcome: "ok" | "no" | "waited";
  /** When it began, and how long it took. */
  readonly at: number;
  readonly ms: number;
  /** Who was waited for most in it; null: the router itself worked. */
  readonly waitedFor: "client" | "authenticator" | "plugin" | null;
  /** Which block of the method was asked last, counted from 0; null if none was. */
  readonly block: number | null;
  /** The type of that block. */
  readonly strategy: string | null;
  /** The plugin that decided; null if core did. */
  readonly by: string | null;
  readonly code: StepCode | CauseCode;
  readonly params: Readonly<Record<string, string | number>>;
  readonly config: ConfigRef | null;
}

/** A login that has ended. Texts from outside are cut to 256 characters, the lists to 16 entries. */
export interface LoginRecord {
  /** Grows by one with each login. */
  readonly seq: number;
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  readonly outcome: "welcome" | "refused" | "abandoned";
  /** Null for a welcome; what it names is in `params`. `causeText` says it in words. */
  readonly cause: CauseCode | null;
  readonly params: Readonly<Record<string, string | number>>;
  /** What ABORT said; null if none was sent. */
  readonly reason: string | null;
  readonly message: string | null;
  /** Null if HELLO never came. */
  readonly session: number | null;
  /** Which entry of the config's `transports`, counted from 0. */
  readonly transport: number;
  /** The client's address; its kind, `unix` or `memory`, if it has none. */
  readonly address: string;
  /** Empty if the connection was refused before its format was known. */
  readonly serializer: string;
  readonly asked: {
    readonly realm: string | null;
    readonly authid: string | null;
    readonly authmethods: readonly string[];
  };
  /** Null where the login did not succeed. `expires`: when the session ends, in seconds since 1970; null: with its client. */
  readonly assigned: {
    readonly realm: string;
    readonly authid: string;
    readonly role: string;
    readonly expires: number | null;
  } | null;
  /** Of the first factor. */
  readonly method: string | null;
  /** The methods of its factors, in their order, as far as the login has come. */
  readonly factors: readonly string[];
  /** The strategy that answered, by its type: `static`, `dynamic` … */
  readonly strategy: string | null;
  /** The plugin that decided; null if core did. */
  readonly by: string | null;
  /** From HELLO to the end, in milliseconds. */
  readonly ms: number;
  readonly steps: readonly LoginStep[];
}
