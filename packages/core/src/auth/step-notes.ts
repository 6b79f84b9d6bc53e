import type { ConfigRef, LoginStep, StepCode } from "../contract/login-record.ts";
import { clip, excerpt } from "../wamp/excerpt.ts";
import { causeText } from "./causes.ts";
import type { Factor } from "./factor.ts";
import { left, type Login, type Next } from "./login.ts";
import type { StepNote } from "./trace.ts";

/** What a step of a login did, for its trace. @param next what it led to */
export function noteOf(login: Login, next: Next): StepNote {
  const { plugin, factor, step } = login;
  if (typeof next === "object" && next.kind === "abort") {
    const { code, params } = next.cause;
    return { outcome: "no", by: plugin, code, params, config: placeOfCause(login, code) };
  }
  const config = placeOf(login, factor);
  const method = factor?.attempt.authmethod ?? "";
  const ok = (code: StepCode, params: StepNote["params"] = {}, by: string | null = null): StepNote => ({
    outcome: "ok",
    by,
    code,
    params,
    config,
  });
  if (typeof next === "object" && next.kind === "challenge") return ok("challenged", { method }, plugin);
  switch (step) {
    case "hello":
      if (next === "verified") return ok("settled", { plugin: plugin ?? "" }, plugin);
      return ok(login.context.hooks.hello.taps.length === 0 ? "no-tap" : "passed");
    case "choose":
      return ok("chosen", { method });
    case "challenge":
    case "authenticate": {
      const found = factor?.found ?? null;
      if (found === null) return ok("accepted", { plugin: plugin ?? "" }, plugin);
      const proof = step === "challenge" ? "" : (factor?.settings?.method.proof ?? "proof");
      return ok("known", { authid: clip(found.resolved.principal.authid ?? ""), proof }, plugin);
    }
    case "then":
      return ok("due", { method });
    case "complete": {
      const { realm, role } = login.complete ?? { realm: "", role: "" };
      return ok("complete", { realm: clip(realm), role: clip(role) });
    }
    case "verified":
    case "welcome":
      return ok(login.context.hooks[step].taps.length === 0 ? "no-tap" : "passed");
  }
}

/** The place of the value that made the login end, or else of the step. */
function placeOfCause(login: Login, code: LoginStep["code"]): ConfigRef | null {
  // What fails after the first failure says nothing of the config.
  const factor = login.held?.factor ?? login.factor;
  const valueOf = (of: Factor | null, value: "secret" | "expires"): ConfigRef | null =>
    of?.found?.block?.placeOf(of.admission?.authid ?? null, value) ?? null;
  if (code === "wrong-proof" || code === "second-factor") return valueOf(factor, "secret") ?? placeOf(login, factor);
  const expires = login.principal?.expires;
  const expired = login.factors.find(({ found }) => found?.resolved.principal.expires === expires) ?? null;
  return (code === "expired" ? valueOf(expired, "expires") : null) ?? placeOf(login, factor);
}

/** The place in the config that a step went by; null if the trace knows it better, or there is none. */
function placeOf({ step, context, principal }: Login, factor: Factor | null): ConfigRef | null {
  switch (step) {
    case "hello":
      return context.place();
    case "choose":
    case "then":
      return factor?.settings?.place() ?? context.authPlace();
    case "challenge":
    case "authenticate": {
      const { found, block, admission, settings } = left(factor);
      return found?.block?.placeOf(admission?.authid ?? null) ?? (block ?? settings)?.place() ?? null;
    }
    case "verified":
    case "complete":
    case "welcome": {
      const { realm = null, role = null } = principal ?? {};
      if (realm === null) return null;
      return context.realms.get(realm)?.place(role) ?? context.realms.place();
    }
  }
}

const TEXTS: Readonly<Record<StepCode, (params: Readonly<Record<string, string>>) => string>> = {
  "no-tap": () => "no plugin taps it",
  passed: () => "the plugins let it go on",
  settled: ({ plugin }) => `${plugin} lets the client in`,
  chosen: ({ method }) => `${method} is configured here`,
  challenged: ({ method }) => `CHALLENGE ${method}`,
  accepted: ({ plugin }) => `${plugin} lets the client in`,
  known: ({ authid, proof }) => `knows ${authid}${proof === "" ? "" : `; the ${proof} is right`}`,
  due: ({ method }) => `a further factor: ${method}`,
  complete: ({ realm, role }) => `realm ${realm}, role ${role}`,
  waiting: () => "waits",
};

/**
 * Says in words what a step of a login did. Texts from outside are cut, and what cannot be seen in them is escaped.
 *
 * @example stepText(record.steps[3]); // static: knows joe; the ticket is right
 */
export function stepText({ code, params, strategy }: Pick<LoginStep, "code" | "params" | "strategy">): string {
  if (!isStepCode(code)) return causeText({ code, params } as Parameters<typeof causeText>[0]).sentence;
  const shown = Object.fromEntries(Object.entries(params).map(([key, value]) => [key, excerpt(String(value))]));
  return (strategy === null ? "" : `${strategy}: `) + TEXTS[code](shown);
}

function isStepCode(code: LoginStep["code"]): code is StepCode {
  return Object.hasOwn(TEXTS, code);
}
