import type { Decision } from "../../contract/authorization.ts";
import type { Log } from "../../contract/log.ts";
import { whenDone } from "../../wamp/guarded.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { isDict } from "../../wamp/messages.ts";
import { type Dict, isEmpty, type Payload, payloadOf, payloadOfRaw } from "../../wamp/payload.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { refusal, WampError } from "../../errors/wamp-error.ts";
import type { ByteBudget } from "../byte-budget.ts";
import { sizeOf } from "../../wamp/size.ts";
import type { Broker } from "../broker/broker.ts";
import type { Member } from "../member.ts";
import type { Publication } from "../broker/publication.ts";
import type { RemoteTestaments } from "../remote/remote-testaments.ts";
import { invalidArgument, type MetaCall, type MetaProcedures, stringAt } from "./meta-call.ts";

/** How many testaments a session may leave. */
const LIMIT = 100;

/** `destroyed`: the session has ended; `detached`: its transport is gone, which without resumption is the same moment. */
const SCOPES = ["detached", "destroyed"] as const;
type Scope = (typeof SCOPES)[number];

/** The realm's rules about testaments. */
export interface TestamentRules {
  /** Rejects with a WampError if the session may not publish to the topic. */
  require(call: MetaCall, topic: string, options: Readonly<Dict>): Promise<Decision>;
  /** Whether a session that is gone may publish to the topic by the rules in effect now. */
  stillAllow(member: Member, topic: string, options: Readonly<Dict>): Decision | Promise<Decision>;
}

interface Testament {
  /** Among all testaments of the realm. */
  readonly number: number;
  readonly publication: Publication;
  /** As for PUBLISH. */
  readonly options: Readonly<Dict>;
  readonly bytes: number;
}

/** The events that sessions leave to be published when they are gone (spec, advanced/session_testament). */
export class Testaments {
  readonly #ofMember = new Map<Member, Record<Scope, Testament[]>>();
  readonly #broker: Broker;
  readonly #budget: ByteBudget;
  readonly #rules: TestamentRules;
  readonly #log: Log;
  /** Null: this router stands alone. */
  #remote: RemoteTestaments | null = null;
  #count = 0;

  constructor(broker: Broker, budget: ByteBudget, rules: TestamentRules, log: Log) {
    this.#broker = broker;
    this.#budget = budget;
    this.#rules = rules;
    this.#log = log;
  }

  /** Other nodes keep copies from now on. There are no testaments yet. */
  connect(remote: RemoteTestaments): void {
    this.#remote = remote;
  }

  get procedures(): MetaProcedures {
    return {
      "wamp.session.add_testament": (call) => this.#add(call),
      "wamp.session.flush_testaments": (call) => this.#flush(call),
    };
  }

  /**
   * Publishes a session's testaments when it is gone: first `detached`, then `destroyed`, each in its order. Each is judged
   * by the rules in effect now: they may have changed since the session was allowed to leave it.
   */
  execute(member: Member): void {
    const testaments = SCOPES.flatMap((scope) => this.#ofMember.get(member)?.[scope] ?? []);
    this.forget(member);
    if (testaments.length === 0) return;
    const failed = (error: unknown): void =>
      this.#log.error(
        { err: error, session: member.info.session },
        "the testaments of a session could not be published",
      );
    whenDone(this.#publish(member, testaments), () => undefined, failed);
  }

  /** Publishes at once all that comes before the first one about which an authorizer or a hook has to be asked. */
  async #publish(member: Member, testaments: readonly Testament[]): Promise<void> {
    for (const { publication, options } of testaments) {
      const { topic } = publication;
      const decision = this.#stillAllows(member, topic, options);
      const { allow } = decision instanceof Promise ? await decision : decision;
      if (allow) this.#broker.dispatch(publication);
      else
        unlessRepeated(member.info, "testament", (repeats) =>
          this.#log.info(
            { session: member.info.session, authid: member.info.authid, topic, ...repeats },
            "a testament was not published: its session may not publish to the topic any more",
          ),
        );
    }
  }

  #stillAllows(member: Member, topic: string, options: Readonly<Dict>): Decision | Promise<Decision> {
    const denied = (error: unknown): Decision => {
      if (WampError.is(error)) return { allow: false };
      throw error;
    };
    try {
      const decision = this.#rules.stillAllow(member, topic, options);
      return decision instanceof Promise ? decision.catch(denied) : decision;
    } catch (error) {
      return denied(error);
    }
  }

  /** Drops a session's testaments. */
  forget(member: Member): void {
    for (const scope of SCOPES) this.#clear(member, scope);
    this.#ofMember.delete(member);
  }

  async #add(call: MetaCall): Promise<void> {
    const { caller, kwargs } = call;
    const topic = stringAt(call, 0, "the topic");
    const args: unknown = call.args[1] ?? [];
    const named: unknown = call.args[2] ?? {};
    const options: unknown = kwargs["publish_options"] ?? {};
    if (!Array.isArray(args)) throw invalidArgument("args", "a list", args);
    if (!isDict(named)) throw invalidArgument("kwargs", "a dictionary", named);
    if (!isDict(options)) throw invalidArgument("publish_options", "a dictionary", options);
    const scope = scopeOf(kwargs);
    const decision = await this.#rules.require(call, topic, options);
    // The session may have left during the wait. Then its testaments are published already, and this one would never
    // go.
    if (caller.hasLeft) return;
    const publication = this.#prepare(caller, { topic, options, payload: payloadIn(call, args, named) }, decision);
    const left = this.#ofMember.get(caller) ?? { detached: [], destroyed: [] };
    if (left.detached.length + left.destroyed.length >= LIMIT)
      throw refusal(ErrorUri.invalidArgument, `a session may leave ${LIMIT} testaments at most`);
    const bytes = sizeOf([topic, args, named, options]);
    this.#budget.take(caller, bytes);
    const number = ++this.#count;
    left[scope].push({ number, publication, options, bytes });
    this.#ofMember.set(caller, left);
    await this.#remote?.keep(caller, number, scope, publication);
  }

  /** A protocol violation in a PUBLISH is only a wrong argument here. */
  #prepare(...asked: Parameters<Broker["prepare"]>): Publication {
    try {
      return this.#broker.prepare(...asked);
    } catch (error) {
      if (!WampError.is(error) || error.uri !== ErrorUri.protocolViolation) throw error;
      throw refusal(ErrorUri.invalidArgument, error.message);
    }
  }

  #flush({ caller, kwargs }: MetaCall): void {
    const scope = scopeOf(kwargs);
    this.#clear(caller, scope);
  }

  #clear(member: Member, scope: Scope): void {
    const left = this.#ofMember.get(member);
    for (const { bytes, number } of left?.[scope] ?? []) {
      this.#budget.give(member, bytes);
      this.#remote?.drop(number);
    }
    if (left !== undefined) left[scope] = [];
  }
}

/** What is to be published, as the bytes that came if there are any. */
function payloadIn(call: MetaCall, args: readonly unknown[], kwargs: Readonly<Dict>): Payload | undefined {
  const raw = call.raw()?.get(0);
  if (raw === undefined) return payloadOf({ args, kwargs })?.own();
  const rawArgs = args.length === 0 ? null : (raw.get(1) ?? null);
  return payloadOfRaw(raw.codec, rawArgs, isEmpty(kwargs) ? null : (raw.get(2) ?? null));
}

function scopeOf({ scope = "destroyed" }: Readonly<Dict>): Scope {
  if (SCOPES.includes(scope as Scope)) return scope as Scope;
  throw invalidArgument("scope", SCOPES.join(" or "), scope);
}
