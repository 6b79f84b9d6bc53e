import { PluginError } from "../errors/plugin-error.ts";
import type { Hello } from "../contract/hello.ts";
import type { AuthMethod, PrincipalQuery, Resolved } from "../contract/method.ts";
import type { SchemaIssue } from "../contract/schema.ts";
import type { BlockSettings, MethodSettings } from "../contract/auth-settings.ts";
import type { Assignment, Principal } from "../contract/assignment.ts";
import type { CredentialAnswer, PrincipalAnswer } from "../contract/verdict.ts";
import type { Strategy } from "../contract/strategy.ts";
import { isPrincipalAnswer } from "../hooks/answers.ts";
import { ask, deciderOf } from "../hooks/create-hook.ts";
import type { RouterHooks, StrategyAnswer } from "../contract/hooks.ts";
import { secondsOf } from "../settings/assignment.ts";
import { type Deadline, DeadlineError, LIMIT } from "../wamp/deadline.ts";
import { earlier } from "../wamp/expires.ts";
import { type MaybePromise, whenThere } from "../wamp/maybe-promise.ts";
import type { Dict } from "../wamp/payload.ts";
import { RawValue } from "../wamp/raw-value.ts";
import { causeFrom } from "./causes.ts";
import { Denial } from "./denial.ts";

/** What the blocks of a method said. `isDecoy`: no block knows the authid, and a decoy takes the principal's role. */
export interface Found {
  readonly resolved: Resolved<unknown>;
  readonly isDecoy: boolean;
  /** The block that was asked last: it knew the authid, or none did. Null if the method has none. */
  readonly block: BlockSettings | null;
  /** The plugin of the strategy that knew it; null if none did. */
  readonly plugin: string | null;
}

/** The part of the question that is the same for every block. */
type Question = Omit<PrincipalQuery, "method" | "last" | "defaultRole" | "signal">;

/** A question to one block. Its signal is created at first use. */
export class Query implements PrincipalQuery {
  readonly attempt: PrincipalQuery["attempt"];
  readonly method: AuthMethod;
  readonly realm: string | null;
  readonly authid: string | null;
  readonly facts: PrincipalQuery["facts"];
  readonly phase: PrincipalQuery["phase"];
  readonly defaultRole: string | null;
  readonly last: boolean;

  /** @param last whether no block is asked after it */
  constructor(question: Question, method: AuthMethod, defaultRole: string | null, last: boolean) {
    this.attempt = question.attempt;
    this.method = method;
    this.realm = question.realm;
    this.authid = question.authid;
    this.facts = question.facts;
    this.phase = question.phase;
    this.defaultRole = defaultRole;
    this.last = last;
  }

  get [LIMIT](): Deadline | undefined {
    return (this.attempt as { readonly [LIMIT]?: Deadline })[LIMIT];
  }

  get signal(): AbortSignal {
    return this.attempt.signal;
  }
}

/**
 * Asks blocks of `settings` in turn who the client is.
 *
 * @param asks told before each block is asked
 * @throws Denial, PluginError
 */
export function findPrincipal(
  settings: MethodSettings,
  blocks: readonly BlockSettings[],
  question: Question,
  hooks: RouterHooks,
  asks: (block: BlockSettings) => void,
): MaybePromise<Found> {
  const { method } = settings;
  const from = (i: number, last: PrincipalQuery | null): MaybePromise<Found> => {
    const block = blocks[i];
    // The last block's question is used again: work that is done only for unknown authids would show in the timing.
    if (block === undefined) return notFound(settings, blocks, last ?? new Query(question, method, null, true));
    asks(block);
    const query = new Query(question, method, block.defaultRole, i === blocks.length - 1);
    return whenThere(answerOf(block, query, hooks), (answer) => {
      if (answer === undefined)
        throw new PluginError(
          "WG_STRATEGY_ANSWER",
          block.plugin,
          `left a question for a principal without an answer from ${sourceOf(block)}`,
        );
      if (answer.kind === "unknown") return from(i + 1, query);
      const plugin = deciderOf(query) ?? block.plugin;
      const found = resolved(answer, block, query, plugin);
      // A known authid also costs the choice of a decoy's further factor.
      settings.decoyThen(question.authid);
      return whenThere(found, (there) => ({ resolved: there, isDecoy: false, block, plugin }));
    });
  };
  return from(0, null);
}

function notFound(
  settings: MethodSettings,
  blocks: readonly BlockSettings[],
  query: PrincipalQuery,
): MaybePromise<Found> {
  return whenThere(decoyOf(settings, query), (decoy) => ({
    resolved: decoy,
    isDecoy: true,
    block: blocks.at(-1) ?? null,
    plugin: null,
  }));
}

/** What the taps for its type answer for a block. */
function answerOf(
  block: BlockSettings,
  query: PrincipalQuery,
  hooks: RouterHooks,
): MaybePromise<PrincipalAnswer | undefined> {
  const isTold = block.strategy !== null && hooks.strategyAnswered.taps.length > 0;
  return isTold ? toldAnswer(block, query, hooks) : askedOf(block, query, hooks);
}

/** Tells the hook `strategyAnswered` how the block answers. */
async function toldAnswer(
  block: BlockSettings,
  query: PrincipalQuery,
  hooks: RouterHooks,
): Promise<PrincipalAnswer | undefined> {
  const { session, authmethod } = query.attempt;
  const begun = performance.now();
  const told = (kind: StrategyAnswer["kind"], cause: unknown): void =>
    hooks.strategyAnswered.call({
      authmethod,
      strategy: block.type,
      config: block.place(),
      kind,
      cause: causeFrom(cause)?.code ?? null,
      ms: performance.now() - begun,
      session,
    });
  try {
    const answer = await askedOf(block, query, hooks);
    told(answer?.kind ?? "failed", answer?.kind === "denied" ? answer.cause : null);
    return answer;
  } catch (error) {
    const hasLeft = query.signal.aborted && !(query.signal.reason instanceof DeadlineError);
    told(hasLeft ? "cancelled" : "failed", null);
    throw error;
  }
}

function askedOf(
  { type, value, instance }: BlockSettings,
  query: PrincipalQuery,
  hooks: RouterHooks,
): MaybePromise<PrincipalAnswer | undefined> {
  const hook = hooks.principal.get(type);
  if (hook === undefined) return undefined;
  return instance === undefined ? ask(hook, query, value) : instance.ask((open) => ask(hook, query, open));
}

function resolved(
  answer: Exclude<PrincipalAnswer, { kind: "unknown" }>,
  block: BlockSettings,
  query: PrincipalQuery,
  plugin: string,
): MaybePromise<Resolved<unknown>> {
  if (answer.kind === "denied") {
    const hook = `principal.${block.type}`;
    const why = causeFrom(answer.cause) ?? { code: "plugin-denied", params: { plugin, hook } };
    throw new Denial(answer.reason, answer.message, why, { plugin, provider: block.type });
  }
  const principal = principalOf(answer.assignment, query, block, block.type);
  if (answer.kind === "accepted") {
    if (query.method.strategyMayVerify === true) return { verified: true, principal };
    throw new PluginError(
      "WG_STRATEGY_ACCEPTED",
      plugin,
      `accepted a login by ${query.method.name} from ${sourceOf(block)}, whose proof only the method can check`,
    );
  }
  return checked(query.method, answer, principal, { plugin, source: sourceOf(block) });
}

/** What of a plugin answers for a block, in words. */
function sourceOf({ type }: BlockSettings): string {
  return type === "static" ? "its static principals" : `its strategy "${type}"`;
}

/** Whether a block must not show which authids it knows. */
function keepsPrincipals({ type, strategy }: Pick<BlockSettings, "type" | "strategy">): boolean {
  return type === "static" || strategy?.decoy !== undefined;
}

/** A credential that no proof fits, in the shape of the others, so that an unknown authid looks like a known one. */
function decoyOf(
  { method, plugin, blocks, decoyThen }: MethodSettings,
  query: PrincipalQuery,
): MaybePromise<Resolved<unknown>> {
  const own = blocks.filter(({ type }) => type === "static");
  // All blocks were asked: so it looks like a principal of the last one, which costs the same time.
  const block = blocks.findLast(keepsPrincipals);
  if (block?.strategy?.decoy !== undefined)
    return strategysDecoy(method, { ...block, then: decoyThen(query.authid) }, block.strategy.decoy, query);
  const made = method.decoy(
    query,
    own.map(({ value }) => value),
    own.map(({ defaultRole }) => defaultRole),
    own.map(({ then: further }) => further),
  );
  return whenThere(made, (answer) => {
    const { role, then } = answer.assignment;
    const principal = principalOf(
      answer.assignment,
      query,
      // The user that a decoy imitates may be in another block.
      {
        defaultRole: role === undefined ? (own[0]?.defaultRole ?? null) : null,
        then: then === undefined ? decoyThen(query.authid) : null,
      },
      own[0]?.type ?? blocks[0]?.type ?? "static",
    );
    return checked(method, answer, principal, { plugin, source: "its decoy" });
  });
}

async function strategysDecoy(
  method: AuthMethod,
  block: BlockSettings,
  decoy: NonNullable<Strategy["decoy"]>,
  query: PrincipalQuery,
): Promise<Resolved<unknown>> {
  let answer: unknown;
  try {
    answer = await (block.instance?.ask((open) => decoy(query, open)) ?? decoy(query, block.value));
  } catch (error) {
    const text = `failed to make a decoy for an unknown authid: ${(error as Error).message}`;
    throw new PluginError("WG_STRATEGY_DECOY", block.plugin, text, { cause: error });
  }
  if (!isPrincipalAnswer(answer) || answer.kind !== "credential")
    throw new PluginError("WG_STRATEGY_DECOY", block.plugin, `gave no credential() as the decoy of ${sourceOf(block)}`);
  const principal = principalOf(answer.assignment, query, block, block.type);
  const by = { plugin: block.plugin, source: `the decoy of ${sourceOf(block)}` };
  return checked(method, answer, principal, by);
}

/** @throws PluginError naming the keys that are wrong, never what they hold */
function checked(
  method: AuthMethod,
  { credential }: CredentialAnswer,
  principal: Principal,
  { plugin, source }: { plugin: string; source: string },
): MaybePromise<Resolved<unknown>> {
  return whenThere(method.credential["~standard"].validate(credential), (result) => {
    if (result.issues === undefined) return { verified: false, credential: result.value, principal };
    const problems = result.issues.map((issue) => `${pathOf(issue)}: ${issue.message}`).join("; ");
    throw new PluginError(
      "WG_CREDENTIAL",
      plugin,
      `gave no credential from ${source} that ${method.name} can check: ${problems}`,
    );
  });
}

function pathOf({ path = [] }: SchemaIssue): string {
  const keys = path.map((key) => String(typeof key === "object" ? key.key : key));
  return keys.length === 0 ? "the answer" : keys.join(".");
}

/**
 * Makes a principal of an assignment. An assigned `realm` or `authid` replaces the client's, even if it is none. A
 * client never chooses its role.
 *
 * @param block has what holds where nothing is assigned
 */
export function principalOf(
  { realm, authid, role, extra, expires, then }: Assignment,
  asked: Pick<Hello, "realm" | "authid">,
  block: Pick<BlockSettings, "defaultRole" | "then"> & Partial<Pick<BlockSettings, "strategy">>,
  provider: string,
): Principal {
  return {
    realm: nameOf(realm === undefined ? asked.realm : realm),
    authid: nameOf(authid === undefined ? asked.authid : authid),
    role: nameOf(role) ?? block.defaultRole,
    extra: extra instanceof RawValue ? extra.own() : (extra ?? null),
    expires: timeOf(expires),
    then: then ?? block.then,
    provider,
    isKept: keepsPrincipals({ type: provider, strategy: block.strategy ?? null }),
  };
}

/**
 * A principal with changes to its assignment: `extra` is merged by key, `expires` only moves earlier, a `then` is not taken
 * away, and all other keys replace the old value.
 */
export function patched(principal: Principal, { realm, authid, role, extra, expires, then }: Assignment): Principal {
  return {
    ...principal,
    ...(realm === undefined ? {} : { realm: nameOf(realm) }),
    ...(authid === undefined ? {} : { authid: nameOf(authid) }),
    ...(role === undefined ? {} : { role: nameOf(role) }),
    extra:
      extra === undefined || extra === null ? principal.extra : { ...membersOf(principal.extra), ...membersOf(extra) },
    expires: earlier(principal.expires, timeOf(expires)),
    then: then ?? principal.then,
  };
}

function timeOf(expires: Assignment["expires"]): number | null {
  return expires === null || expires === undefined ? null : secondsOf(expires);
}

function membersOf(extra: Principal["extra"]): Readonly<Dict> {
  return extra instanceof RawValue ? extra.entries() : (extra ?? {});
}

function nameOf(value: string | null | undefined): string | null {
  return value === "" || value === undefined ? null : value;
}
