import type { Cause, CauseCode, CauseParams } from "../contract/login-cause.ts";
import type { ConfigRef, ValueSource } from "../contract/login-record.ts";
import { clip, excerpt } from "../wamp/excerpt.ts";
import { isDict } from "../wamp/messages.ts";
import { placeText } from "./place-text.ts";

/** What an operator is told of a login that ended without WELCOME. */
export interface CauseText {
  /** Why it ended. */
  readonly sentence: string;
  /** What to do; null if there is nothing. */
  readonly todo: string | null;
}

interface Entry<P> {
  /** Whether it counts as a failed login: somebody has judged the client, and not something failed. */
  readonly counts: boolean;
  readonly sentence: (params: P) => string;
  /**
   * @param at the place in the config, in parentheses; "" if it is unknown
   * @param from where the value at that place came from, if it is not written there
   */
  readonly todo: (params: P, at: string, from: ValueSource | null) => string | null;
}

/** Each cause of a login's end. The client never gets any of these texts. */
const CAUSES: { readonly [C in CauseCode]: Entry<CauseParams[C]> } = {
  "unknown-authid": {
    counts: true,
    sentence: ({ method, authid }) => `No block of ${method} here knows ${authid || "a client without an authid"}.`,
    todo: (_, at) => `Add the principal${at}, or correct the client's authid.`,
  },
  "wrong-proof": {
    counts: true,
    sentence: ({ authid, proof }) => `${authid || "The client"} is known, but the ${proof} is wrong.`,
    todo({ proof }, at, from) {
      if (from === null) return `Compare the ${proof} with what the config has${at}.`;
      return "env" in from
        ? `Compare the ${proof} with what the router's environment has${at}; a changed value needs a restart.`
        : `Compare the ${proof} with what the file has${at}; a changed file needs a reload.`;
    },
  },
  "second-factor": {
    counts: true,
    sentence: ({ authid, method, proof }) =>
      `The first proof of ${authid || "the client"} is right, the second (${method}) is not: the ${proof} is wrong, used up, or there is no such principal.`,
    todo: () => null,
  },
  "no-factor": {
    counts: false,
    sentence: ({ method, transport, problem }) =>
      `The login must go on by ${method}, which cannot be on ${transport}: ${problem}.`,
    todo: ({ method }, at) => `Add ${method} to auth${at}, or correct then.`,
  },
  expired: {
    counts: true,
    sentence: ({ authid, expired }) => `The login of ${authid || "the client"} expired at ${expired}.`,
    todo: (_, at) => `Move expires${at} to a later time, or let the authenticator answer a later one.`,
  },
  "no-method": {
    counts: false,
    sentence: ({ offered, transport, configured }) =>
      `The client offers ${offered}; ${transport} has ${configured || "no method"} for it.`,
    todo: (_, at) => `Add one of the client's methods to auth${at}, or let the client offer one that is there.`,
  },
  "no-authenticator": {
    counts: false,
    sentence: ({ uri, realm }) => `The authenticator ${uri} is not registered in realm ${realm}.`,
    todo: (_, at) => `Start the program that registers it, or let logins wait for it by wait in its block${at}.`,
  },
  "authenticator-error": {
    counts: true,
    sentence: ({ uri, error }) => `The authenticator ${uri} refused: ${error}.`,
    todo: () => "Ask its owner. If it crashed, its text is in the log.",
  },
  "authenticator-timeout": {
    counts: false,
    sentence: ({ uri, timeout }) => `The authenticator ${uri} did not answer within ${timeout} ms.`,
    todo: (_, at) => `Look at what slows it down, or raise timeout in its block${at}.`,
  },
  "authenticator-gone": {
    counts: false,
    sentence: ({ uri }) => `The authenticator ${uri} left during the call.`,
    todo: () => "Look at why its program ended or lost its connection.",
  },
  "authenticator-busy": {
    counts: false,
    sentence: ({ uri }) => `The authenticator ${uri} reads too slowly to be asked.`,
    todo: () => "Register it more than once with invoke: roundrobin, or look at what slows it down.",
  },
  "authenticator-failed": {
    counts: true,
    sentence: ({ uri }) => `The authenticator ${uri} failed.`,
    todo: () => "Ask its owner; what it threw is in the log.",
  },
  "authenticator-unavailable": {
    counts: false,
    sentence: ({ uri, problem }) => `The authenticator ${uri} could not decide: ${problem}.`,
    todo: (_, at) => `Look at that server, or correct its url in the block${at}.`,
  },
  "authenticator-answer": {
    counts: true,
    sentence: ({ uri, problem }) => `The answer of the authenticator ${uri} cannot be used: ${problem}.`,
    todo: () => "Correct what it answers. Values are not shown.",
  },
  "bad-row": {
    counts: false,
    sentence: ({ uri, problem }) => `The row that ${uri} found cannot be used: ${problem}.`,
    todo: (_, at) => `Correct the row, or query and columns in the block${at}. Values are not shown.`,
  },
  "bad-token": {
    counts: true,
    sentence: ({ problem }) => `The token was refused: ${problem}.`,
    todo: () => "Let the client fetch a new token; compare issuer, audience and algorithms with those of its issuer.",
  },
  "bad-certificate": {
    counts: true,
    sentence: ({ problem }) => `The client's certificate was refused: ${problem}.`,
    todo: (_, at) => `Compare it with the principals${at}, and with ca-certificates of the endpoint.`,
  },
  "no-keys": {
    counts: false,
    sentence: ({ uri, problem }) => `The keys of ${uri} for tokens cannot be had: ${problem}.`,
    todo: (_, at) => `Look at that server, or correct keys in the block${at}.`,
  },
  "no-store": {
    counts: false,
    sentence: ({ what }) => `The store of ${what} failed.`,
    todo: () => "Look at what the log says of that store.",
  },
  "no-realm": {
    counts: false,
    sentence: ({ realm }) => (realm === "" ? "No realm was assigned." : `Realm ${realm} is not configured.`),
    todo: (_, at) => `Add the realm${at}, or assign one that is there.`,
  },
  "no-role": {
    counts: false,
    sentence: ({ realm, role, roles }) =>
      (role === "" ? `No role was assigned in realm ${realm}` : `Realm ${realm} has no role ${role}`) +
      (roles === "" ? "." : `; it has ${roles}.`),
    todo: ({ role }, at) =>
      role === ""
        ? `Assign one of its roles, or give the block a default-role.`
        : `Add the role to the realm${at}, or assign one that is there.`,
  },
  "no-principal": {
    counts: false,
    sentence: ({ realm }) => `No authid was assigned in realm ${realm}.`,
    todo: () => "Let the client send an authid, or assign one.",
  },
  "plugin-denied": {
    counts: true,
    sentence: ({ plugin, hook }) => `${plugin} turned the client away in ${hook}.`,
    todo: () => "Ask the plugin's owner.",
  },
  "plugin-threw": {
    counts: false,
    sentence: ({ plugin, hook, code }) => `${plugin} failed in ${hook}: ${code}.`,
    todo: () => "Ask the plugin's owner; the stack is in the log.",
  },
  "too-many-rounds": {
    counts: false,
    sentence: ({ method, rounds }) => `The login by ${method} needs more than ${rounds} challenges.`,
    todo: () => "Ask the owner of the plugin that challenges.",
  },
  reloaded: {
    counts: false,
    sentence: ({ why }) => `The config was reloaded during the login: ${why}.`,
    todo: () => null,
  },
  "held-back": {
    counts: false,
    sentence: ({ limit, seconds }) =>
      `Too many logins have failed (${limit}); the next one may be tried in ${seconds} s.`,
    todo: ({ limit }, at) => `Find the client that tries, or raise ${limit}${at}.`,
  },
  limit: {
    counts: false,
    sentence: ({ limit }) => `${limit} is reached.`,
    todo: ({ limit }, at) => `Find who uses it up, or raise ${limit}${at} if it is a key of the config.`,
  },
  timeout: {
    counts: false,
    sentence: ({ waiting, ms }) => `No ${isMessage(waiting) ? waiting : `answer from ${waiting}`} within ${ms} ms.`,
    todo: ({ waiting }) => (isMessage(waiting) ? null : `Look at what the plugins that tap ${waiting} wait for.`),
  },
  left: {
    counts: false,
    sentence: ({ waiting }) =>
      `The client left while the router waited for ${isMessage(waiting) ? waiting : `an answer from ${waiting}`}.`,
    todo: () => null,
  },
  protocol: {
    counts: false,
    sentence: ({ violation }) => `The client broke the protocol: ${violation}.`,
    todo: () => null,
  },
  stopping: {
    counts: false,
    sentence: ({ why }) => `The router took no more logins here: ${why}.`,
    todo: () => null,
  },
  failed: {
    counts: false,
    sentence: ({ what }) => `The router failed: ${what}.`,
    todo: () => "The log says why.",
  },
};

/** All codes, in the order of their table. */
export const CAUSE_CODES = Object.keys(CAUSES) as readonly CauseCode[];

/**
 * Whether a login that ends so counts as a failed one, which may hold its client back. Where the source of principals did not
 * answer, or the config is wrong, that says nothing of the client. Where it gave any answer, it may have judged the proof.
 */
export function countsAsFailed({ code }: Cause): boolean {
  return CAUSES[code].counts;
}

/** The cause that a plugin gave, with its texts cut; null if it is none. */
export function causeFrom(value: unknown): Cause | null {
  if (!isDict(value)) return null;
  const { code, params } = value;
  if (typeof code !== "string" || !Object.hasOwn(CAUSES, code) || !isDict(params)) return null;
  const known: Record<string, string | number> = {};
  for (const [key, param] of Object.entries(params)) {
    if (typeof param === "number") known[key] = param;
    if (typeof param === "string") known[key] = clip(param);
  }
  return { code, params: known } as unknown as Cause;
}

/**
 * Says in words why a login ended. Texts from outside are cut, and what cannot be seen in them is escaped.
 *
 * @param at the place in the config that it is about: the `config` of the login's last step
 * @example causeText({ code: "wrong-proof", params: { authid: "joe", proof: "ticket" } }).sentence; // joe is known, but …
 */
export function causeText({ code, params }: Cause, at: ConfigRef | null = null): CauseText {
  const entry = CAUSES[code] as Entry<typeof params>;
  const shown = Object.fromEntries(
    Object.entries(params).map(([key, value]) => [key, typeof value === "string" ? excerpt(value) : value]),
  ) as unknown as typeof params;
  const place = at === null ? "" : ` (${placeText(at)})`;
  return { sentence: entry.sentence(shown), todo: entry.todo(shown, place, at?.from ?? null) };
}

/** Messages are written in capitals, hooks are not. */
function isMessage(waiting: string): boolean {
  return /^[A-Z]+$/.test(waiting);
}
