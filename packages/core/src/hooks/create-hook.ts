import { AsyncSeriesBailHook, AsyncSeriesHook, HookMap, SyncHook } from "tapable";
import { PluginError } from "../errors/plugin-error.ts";
import type { NamedHooks } from "../contract/hooks.ts";
import type { Log } from "../contract/log.ts";
import { type Deadline, DeadlineError, type LIMIT, untilOver } from "../wamp/deadline.ts";
import { isPromise, type MaybePromise } from "../wamp/maybe-promise.ts";
import { kindOf } from "../wamp/messages.ts";
import { unlessRepeated } from "../wamp/unless-repeated.ts";

/** Whether taps may still be added, shared by all hooks of a router. */
export interface Freeze {
  frozen: boolean;
}

/** The part of tapable's tap that is used here. */
interface Tap {
  readonly name: string;
  readonly type: "sync" | "async" | "promise";
  readonly fn: (...args: unknown[]) => unknown;
  readonly before?: string | readonly string[];
}

/** A tap of a deciding hook. */
interface DecidingTap extends Tap {
  /** Its checked answer: at once where it answers at once. */
  readonly decide: (args: readonly unknown[]) => unknown;
}

/** Where a question keeps which plugin answered it last. */
const DECIDER = Symbol("decider");

/** The first argument of every deciding hook. Its signal is the deadline of the tap. */
interface Deciding {
  readonly signal: AbortSignal;
  readonly [LIMIT]?: Deadline | undefined;
  [DECIDER]?: string;
}

interface AnyHook {
  readonly taps: readonly { readonly name: string }[];
  readonly intercept: (interceptor: never) => void;
}

/** What a tap may return, in words and as a check. */
export interface Answer<R> {
  readonly expected: string;
  readonly is: (value: unknown) => value is R;
}

/**
 * A hook whose taps are asked in turn until one answers. `undefined` passes the question on; any other value that is
 * not an answer is a bug of the plugin.
 */
export function createBailHook<A extends [Deciding, ...unknown[]], R>(
  name: string,
  args: { [K in keyof A]: string },
  answer: Answer<R>,
  freeze: Freeze,
): AsyncSeriesBailHook<A, R | undefined> {
  const hook = new AsyncSeriesBailHook<A, R | undefined>(args as never, name);
  guard(hook, name, freeze, (tap) => deciding(tap, name, answer));
  return hook;
}

/** A hook whose taps all run, one after the other. Their return values are ignored. */
export function createSeriesHook<A extends [Deciding, ...unknown[]]>(
  name: string,
  args: { [K in keyof A]: string },
  freeze: Freeze,
): AsyncSeriesHook<A> {
  const hook = new AsyncSeriesHook<A>(args as never, name);
  guard(hook, name, freeze, (tap) => deciding(tap, name, null));
  return hook;
}

/** A hook that reports what has happened. If a tap throws or rejects, that is logged, and the next tap runs. */
export function createNoticeHook<A extends unknown[]>(
  name: string,
  args: { [K in keyof A]: string },
  freeze: Freeze,
  log: Log,
): SyncHook<A> {
  const hook = new SyncHook<A>(args as never, name);
  guard(hook, name, freeze, (tap) => ({ ...tap, fn: noticed(tap, name, log) }));
  return hook;
}

/** @see NamedHooks */
export class HooksByName<H> implements NamedHooks<H> {
  readonly #hooks: HookMap<H>;
  readonly #names = new Set<string>();
  readonly #name: string;
  readonly #freeze: Freeze;

  constructor(name: string, create: (name: string) => H, freeze: Freeze) {
    this.#name = name;
    this.#freeze = freeze;
    this.#hooks = new HookMap(create as never, name);
  }

  for(name: string): H {
    if (this.#freeze.frozen && !this.#names.has(name)) throw frozen(`${this.#name}.for("${name}")`);
    this.#names.add(name);
    return this.#hooks.for(name);
  }

  get(name: string): H | undefined {
    return this.#names.has(name) ? this.#hooks.get(name) : undefined;
  }

  names(): ReadonlySet<string> {
    return this.#names;
  }
}

/**
 * As `hook.promise(...args)`, but at once where no tap waits: each promise costs more than most taps.
 *
 * @throws what a tap throws that answers at once
 * @example whenThere(ask(hooks.hello, hello), (verdict) => (verdict === undefined ? choose() : settle(verdict)));
 */
export function ask<A extends unknown[], R>(
  hook: AsyncSeriesBailHook<A, R> | AsyncSeriesHook<A>,
  ...args: A
): MaybePromise<R | undefined> {
  return askFrom(hook.taps as unknown as readonly DecidingTap[], 0, args) as MaybePromise<R | undefined>;
}

function askFrom(taps: readonly DecidingTap[], from: number, args: readonly unknown[]): unknown {
  for (let i = from; i < taps.length; i++) {
    const answer = taps[i]?.decide(args);
    if (isPromise(answer) && i < taps.length - 1)
      return answer.then((there) => (there === undefined ? askFrom(taps, i + 1, args) : there));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/**
 * The plugin whose tap answered last, looked up by the first argument of its hook. Each login has its own, while
 * plugins may use one object for many answers.
 */
export function deciderOf(question: object): string | null {
  return (question as Partial<Deciding>)[DECIDER] ?? null;
}

function guard(hook: AnyHook, name: string, freeze: Freeze, wrap: (tap: Tap) => Tap): void {
  const register = (tap: Tap): Tap => {
    if (freeze.frozen) throw frozen(name, tap.name);
    const present = new Set(hook.taps.map((other) => other.name));
    const absent = [tap.before ?? []].flat().filter((other) => !present.has(other));
    if (absent.length > 0) {
      throw new PluginError(
        "WG_HOOK_ORDER",
        tap.name,
        `taps ${name} before "${absent.join('", "')}", which has not tapped it`,
      );
    }
    return wrap(tap);
  };
  hook.intercept({ name: "wampgate", register } as never);
}

function frozen(what: string, plugin = "unknown"): PluginError {
  const message = `taps ${what} after the router has started; tap in apply(), or before start()`;
  return new PluginError("WG_HOOK_FROZEN", plugin, message);
}

/**
 * Makes a tap of an async hook a promise tap: its answer is checked, its time limited, and its errors carry its name.
 */
function deciding(tap: Tap, hook: string, answer: Answer<unknown> | null): DecidingTap {
  const checked = (value: unknown, question: Deciding): unknown => {
    if (answer === null || value === undefined) return undefined;
    if (answer.is(value)) {
      question[DECIDER] = tap.name;
      return value;
    }
    const problem = `answered ${kindOf(value)} in ${hook}, expected ${answer.expected} or undefined`;
    throw failedIn(hook, new PluginError("WG_HOOK_ANSWER", tap.name, problem));
  };
  const failed = (error: unknown, { signal }: Deciding): unknown => {
    if (error instanceof PluginError) return failedIn(hook, error);
    if (error === signal.reason && !(error instanceof DeadlineError)) return error;
    const text = `failed in ${hook}: ${textOf(error)}`;
    return failedIn(hook, new PluginError("WG_HOOK_FAILED", tap.name, text, { cause: error }));
  };
  const decide: DecidingTap["decide"] = (args) => {
    const question = args[0] as Deciding;
    let value: unknown;
    try {
      value = started(tap, args);
    } catch (error) {
      throw failed(error, question);
    }
    if (!isPromise(value)) return checked(value, question);
    return untilOver(Promise.resolve(value), question).then(
      (there) => checked(there, question),
      (error: unknown) => {
        throw failed(error, question);
      },
    );
  };
  return { ...tap, type: "promise", decide, fn: (...args) => new Promise((resolve) => resolve(decide(args))) };
}

function failedIn(hook: string, error: PluginError): PluginError {
  error.hook ??= hook;
  return error;
}

/** What a tap gives at once: the answer, or a promise of it. */
function started(tap: Tap, args: readonly unknown[]): unknown {
  if (tap.type !== "async") return tap.fn(...args);
  return new Promise((resolve, reject) => {
    tap.fn(...args, (error: unknown, value: unknown) => {
      if (error === null || error === undefined) resolve(value);
      else reject(error instanceof Error ? error : new Error(textOf(error)));
    });
  });
}

function noticed(tap: Tap, hook: string, log: Log): Tap["fn"] {
  const complain = (error: unknown): void =>
    unlessRepeated(tap, hook, (repeats) =>
      log.error(
        { err: error, plugin: tap.name, hook, ...repeats },
        `plugin "${tap.name}" failed in ${hook}: ${textOf(error)}`,
      ),
    );
  return (...args) => {
    try {
      const value = tap.fn(...args);
      if (value instanceof Promise) value.catch(complain);
    } catch (error) {
      complain(error);
    }
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : `it threw ${kindOf(error)}`;
}
