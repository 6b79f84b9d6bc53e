import { ErrorUri } from "../../wamp/error-uris.ts";
import { isDict } from "../../wamp/messages.ts";
import { type Dict, type PayloadValues, payloadOf } from "../../wamp/payload.ts";
import { WampError } from "../../wamp/wamp-error.ts";
import { audienceOf } from "../audience.ts";
import type { Broker } from "../broker.ts";
import type { Member } from "../member.ts";
import { invalidArgument, type MetaCall, type MetaProcedures, textAt } from "./meta-call.ts";

/** How many testaments a session may leave. */
const LIMIT = 100;

/** `destroyed`: the session has ended; `detached`: its transport is gone, which without resumption is the same moment. */
const SCOPES = ["detached", "destroyed"] as const;
type Scope = (typeof SCOPES)[number];

interface Testament {
  readonly topic: string;
  readonly values: PayloadValues;
  readonly options: Readonly<Dict>;
}

/** Rejects with a WampError where the session may not publish to the topic. */
export type RequirePublish = (member: Member, topic: string, options: Readonly<Dict>) => Promise<void>;

/** What sessions leave to be published when they are gone (spec, advanced/session_testament). */
export class Testaments {
  readonly #ofMember = new Map<Member, Record<Scope, Testament[]>>();
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

  /** Publishes what a session that is gone has left: first `detached`, then `destroyed`, each in its order. */
  execute(member: Member): void {
    const left = this.#ofMember.get(member);
    this.#ofMember.delete(member);
    for (const scope of SCOPES) {
      for (const { topic, values, options } of left?.[scope] ?? []) {
        const message = { type: "PUBLISH", request: 1, options, topic, payload: payloadOf(values) } as const;
        this.#broker.publish(member, message, { allow: true });
      }
    }
  }

  async #add(call: MetaCall): Promise<void> {
    const { caller, kwargs } = call;
    const topic = textAt(call, 0, "the topic");
    const args: unknown = call.args[1] ?? [];
    const named: unknown = call.args[2] ?? {};
    const asked: unknown = kwargs["publish_options"] ?? {};
    if (!Array.isArray(args)) throw invalidArgument("args", "a list", args);
    if (!isDict(named)) throw invalidArgument("kwargs", "a dictionary", named);
    if (!isDict(asked)) throw invalidArgument("publish_options", "a dictionary", asked);
    // Nobody will be left who could be told.
    const options = { ...asked, acknowledge: false };
    checkOptions(options);
    const scope = scopeOf(kwargs);
    await this.#requirePublish(caller, topic, options);
    const left = this.#ofMember.get(caller) ?? { detached: [], destroyed: [] };
    if (left.detached.length + left.destroyed.length >= LIMIT)
      throw new WampError(ErrorUri.invalidArgument, `a session may leave ${LIMIT} testaments at most`);
    left[scope].push({ topic, values: { args, kwargs: named }, options });
    this.#ofMember.set(caller, left);
  }

  /** @returns how many there were */
  #flush({ caller, kwargs }: MetaCall): number {
    const scope = scopeOf(kwargs);
    const left = this.#ofMember.get(caller);
    const count = left?.[scope].length ?? 0;
    if (left !== undefined) left[scope] = [];
    return count;
  }
}

function scopeOf({ scope = "destroyed" }: Readonly<Dict>): Scope {
  if (SCOPES.includes(scope as Scope)) return scope as Scope;
  throw invalidArgument("scope", SCOPES.join(" or "), scope);
}

/** What would break the protocol in a PUBLISH is here a wrong argument. */
function checkOptions(options: Readonly<Dict>): void {
  try {
    audienceOf(options);
  } catch (error) {
    throw new WampError(ErrorUri.invalidArgument, (error as Error).message);
  }
  for (const key of ["exclude_me", "disclose_me", "retain"]) {
    if (options[key] !== undefined && typeof options[key] !== "boolean")
      throw invalidArgument(key, "true or false", options[key]);
  }
}
