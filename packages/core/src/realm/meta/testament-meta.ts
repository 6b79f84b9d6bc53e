import type { Decision } from "../../contract/authorization.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { isDict } from "../../wamp/messages.ts";
import { type Dict, payloadOf } from "../../wamp/payload.ts";
import { WampError } from "../../errors/wamp-error.ts";
import type { Broker } from "../broker/broker.ts";
import type { Member } from "../member.ts";
import type { Publication } from "../broker/publication.ts";
import { invalidArgument, type MetaCall, type MetaProcedures, stringAt } from "./meta-call.ts";

/** How many testaments a session may leave. */
const LIMIT = 100;

/** `destroyed`: the session has ended; `detached`: its transport is gone, which without resumption is the same moment. */
const SCOPES = ["detached", "destroyed"] as const;
type Scope = (typeof SCOPES)[number];

/** Rejects with a WampError if the session may not publish to the topic. */
export type RequirePublish = (call: MetaCall, topic: string, options: Readonly<Dict>) => Promise<Decision>;

/** The events that sessions leave to be published when they are gone (spec, advanced/session_testament). */
export class Testaments {
  readonly #ofMember = new Map<Member, Record<Scope, Publication[]>>();
  readonly #broker: Broker;
  readonly #requirePublish: RequirePublish;

  constructor(broker: Broker, requirePublish: RequirePublish) {
    this.#broker = broker;
    this.#requirePublish = requirePublish;
  }

  get procedures(): MetaProcedures {
    return {
      "wamp.session.add_testament": (call) => this.#add(call),
      "wamp.session.flush_testaments": (call) => this.#flush(call),
    };
  }

  /** Publishes a session's testaments when it is gone: first `detached`, then `destroyed`, each in its order. */
  execute(member: Member): void {
    const left = this.#ofMember.get(member);
    this.forget(member);
    for (const scope of SCOPES) for (const publication of left?.[scope] ?? []) this.#broker.dispatch(publication);
  }

  /** Drops a session's testaments. */
  forget(member: Member): void {
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
    const decision = await this.#requirePublish(call, topic, options);
    // The session may have left during the wait. Then its testaments are published already, and this one would never
    // go.
    if (caller.hasLeft) return;
    const publication = this.#prepare(
      caller,
      { topic, options, payload: payloadOf({ args, kwargs: named })?.own() },
      decision,
    );
    const left = this.#ofMember.get(caller) ?? { detached: [], destroyed: [] };
    if (left.detached.length + left.destroyed.length >= LIMIT)
      throw new WampError(ErrorUri.invalidArgument, `a session may leave ${LIMIT} testaments at most`);
    left[scope].push(publication);
    this.#ofMember.set(caller, left);
  }

  /** A protocol violation in a PUBLISH is only a wrong argument here. */
  #prepare(...asked: Parameters<Broker["prepare"]>): Publication {
    try {
      return this.#broker.prepare(...asked);
    } catch (error) {
      if (!WampError.is(error) || error.uri !== ErrorUri.protocolViolation) throw error;
      throw new WampError(ErrorUri.invalidArgument, error.message);
    }
  }

  #flush({ caller, kwargs }: MetaCall): void {
    const scope = scopeOf(kwargs);
    const left = this.#ofMember.get(caller);
    if (left !== undefined) left[scope] = [];
  }
}

function scopeOf({ scope = "destroyed" }: Readonly<Dict>): Scope {
  if (SCOPES.includes(scope as Scope)) return scope as Scope;
  throw invalidArgument("scope", SCOPES.join(" or "), scope);
}
