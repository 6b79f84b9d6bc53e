import type { BlockSettings } from "../contract/auth-settings.ts";
import type { LoginStep, StepName } from "../contract/login-record.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import type { Cause } from "../contract/login-cause.ts";

/** How many steps are kept of one login. */
const MOST_STEPS = 16;

/** What a step did. */
export type StepNote = Pick<LoginStep, "outcome" | "by" | "code" | "params" | "config">;

/** A step under way. */
interface Open {
  readonly step: StepName;
  readonly factor: number;
  readonly at: number;
  waitedFor: LoginStep["waitedFor"];
  block: number | null;
  asked: BlockSettings | null;
}

/** The steps of one login, for the hooks `loginStep` and `loginEnded`. There is none where neither has a tap. */
export class LoginTrace {
  readonly #session: number;
  readonly #hook: RouterHooks["loginStep"];
  readonly #since = performance.now();
  readonly #done: LoginStep[] = [];
  #open: Open | null = null;

  constructor(session: number, { loginStep }: RouterHooks) {
    this.#session = session;
    this.#hook = loginStep;
  }

  /** @param factor which one the login is at */
  begins(step: StepName, factor = 1): void {
    this.#open = { step, factor, at: this.#now(), waitedFor: null, block: null, asked: null };
  }

  /** A block of the method is asked for the principal. */
  asks(block: BlockSettings, index: number): void {
    if (this.#open === null) return;
    this.#open.block = index;
    this.#open.asked = block;
    if (block.strategy?.calls === undefined) return;
    // A step says that it waits as soon as it does. Who it waits for may be known only here.
    if (this.#open.waitedFor === "plugin") this.#waits("authenticator");
    this.#open.waitedFor = "authenticator";
  }

  /** The step has nothing to do until somebody answers. */
  waits(): void {
    this.#waits(this.#open?.waitedFor ?? "plugin");
  }

  /** The client was challenged, and its answer begins `step`. */
  waitsForClient(step: StepName, factor: number): void {
    this.begins(step, factor);
    this.#waits("client");
  }

  /** The client has answered. */
  answered(): void {
    this.#close(WAITED);
  }

  ends(note: StepNote): void {
    this.#close(note);
  }

  /** All steps of a login that has ended. @param cause why it ended; null: it did well */
  steps(outcome: "ok" | "no" | "waited", cause: Cause | null): readonly LoginStep[] {
    if (cause === null || this.#done.at(-1)?.outcome === "no") return this.#done;
    const { code, params } = cause;
    if (this.#open === null) this.begins("welcome");
    this.#close({ outcome, by: null, code, params, config: null });
    return this.#done;
  }

  #waits(waitedFor: "client" | "authenticator" | "plugin"): void {
    if (this.#open === null) return;
    this.#open.waitedFor = waitedFor;
    if (this.#hook.taps.length > 0) this.#hook.call(this.#session, stepOf(this.#open, 0, WAITED));
  }

  #close(note: StepNote): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const step = stepOf(open, this.#now() - open.at, note);
    if (this.#done.length < MOST_STEPS) this.#done.push(step);
    if (this.#hook.taps.length > 0) this.#hook.call(this.#session, step);
  }

  #now(): number {
    return performance.now() - this.#since;
  }
}

const WAITED: StepNote = { outcome: "waited", by: null, code: "waiting", params: {}, config: null };

function stepOf({ step, factor, at, waitedFor, block, asked }: Open, ms: number, note: StepNote): LoginStep {
  const config = note.config ?? asked?.place() ?? null;
  return { step, factor, at, ms, waitedFor, block, strategy: asked?.type ?? null, ...note, config };
}
