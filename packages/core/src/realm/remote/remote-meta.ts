import { ErrorUri } from "../../wamp/error-uris.ts";
import { WampError } from "../../errors/wamp-error.ts";
import { MATCH_POLICIES, type MatchPolicy } from "../../wamp/uri.ts";
import {
  idAt,
  matchAt,
  type MetaCall,
  type MetaProcedure,
  type MetaProcedures,
  stringAt,
  stringsAt,
} from "../meta/meta-call.ts";
import type { Directory } from "./directory.ts";
import type { Questions } from "./questions.ts";
import type { Interest, RemoteEvents } from "./remote-events.ts";
import type { RemoteNode } from "./remote-node.ts";

/** What the meta procedures need to know of other nodes. */
export interface Elsewhere {
  readonly directory: Directory;
  readonly events: RemoteEvents;
  readonly questions: Questions;
  readonly nodes: ReadonlyMap<string, RemoteNode>;
}

/** The meta procedures that other nodes may ask for: each answers for its own node alone. */
export const ASKED: ReadonlySet<string> = new Set([
  "wamp.session.get",
  "wamp.session.kill",
  "wamp.session.kill_by_authid",
  "wamp.session.kill_by_authrole",
  "wamp.session.kill_all",
  "wamp.subscription.list",
  "wamp.subscription.list_subscribers",
  "wamp.subscription.count_subscribers",
  "wamp.subscription.remove_subscriber",
  "wamp.registration.list",
  "wamp.registration.remove_callee",
]);

/**
 * The meta API of all nodes. Lists of sessions are known here; what one node alone knows, it is asked for. An answer is for
 * all nodes, or it is an error.
 *
 * @param local the procedures that answer for this node alone
 */
export function metaOfAllNodes(local: ReadonlyMap<string, MetaProcedure>, elsewhere: Elsewhere): MetaProcedures {
  const { directory, events, questions, nodes } = elsewhere;
  const here = (procedure: string, call: MetaCall): unknown => local.get(procedure)?.(call);
  /** Asks the node where the session at `position` is. */
  const atSession =
    (procedure: string, position: number): MetaProcedure =>
    (call) => {
      const node = directory.get(call.args[position] as number)?.node;
      return node === undefined ? here(procedure, call) : questions.ask(node, procedure, call.args, call.kwargs);
    };
  /** Asks this node and others at once. */
  const everywhere = async <T>(procedure: string, call: MetaCall, others: Iterable<RemoteNode>): Promise<T[]> => {
    const asked = [...others].map((node) => questions.ask(node, procedure, call.args, call.kwargs));
    return (await Promise.all([here(procedure, call), ...asked])) as T[];
  };
  const withRoles = (call: MetaCall): number[] => {
    const roles = stringsAt(call, 0, "the roles");
    const ids: number[] = [];
    for (const { session, authrole } of directory.all())
      if (roles === null || roles.includes(authrole)) ids.push(session);
    return ids;
  };
  /** The subscription with the id at position 0, on other nodes. */
  const interestOf = (call: MetaCall): Interest | undefined => events.get(idAt(call, 0, "the subscription"));
  /** Asks all nodes that have a subscription. A node that had it a moment ago answers like one that has none. */
  const subscribers = async <T>(procedure: string, call: MetaCall): Promise<T[]> => {
    const names = interestOf(call)?.list ?? [];
    if (names.length === 0) return [here(procedure, call) as T];
    const none = (error: unknown): undefined => {
      if (WampError.is(error) && error.uri === ErrorUri.noSuchSubscription) return undefined;
      throw error;
    };
    const asked = names
      .flatMap((name) => nodes.get(name) ?? [])
      .map((node) => questions.ask(node, procedure, call.args));
    const own = new Promise((resolve) => resolve(here(procedure, call)));
    const answers = await Promise.all([own, ...asked].map((answer) => answer.catch(none)));
    return answers.filter((answer) => answer !== undefined) as T[];
  };
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    "wamp.session.count": (call) => (here("wamp.session.count", call) as number) + withRoles(call).length,
    "wamp.session.list": (call) => [...(here("wamp.session.list", call) as number[]), ...withRoles(call)],
    "wamp.session.get": atSession("wamp.session.get", 0),
    "wamp.session.kill": atSession("wamp.session.kill", 0),
    "wamp.session.kill_by_authid": async (call) =>
      (await everywhere<number[]>("wamp.session.kill_by_authid", call, nodes.values())).flat(),
    "wamp.session.kill_by_authrole": async (call) =>
      sum(await everywhere<number>("wamp.session.kill_by_authrole", call, nodes.values())),
    "wamp.session.kill_all": async (call) =>
      sum(await everywhere<number>("wamp.session.kill_all", call, nodes.values())),
    "wamp.subscription.list": (call) => {
      if (typeof call.args[0] === "number") return atSession("wamp.subscription.list", 0)(call);
      const own = here("wamp.subscription.list", call) as Record<MatchPolicy, number[]>;
      const ids = (match: MatchPolicy): number[] => [...events.all(match)].map(({ id }) => id);
      return Object.fromEntries(MATCH_POLICIES.map((match) => [match, [...new Set([...own[match], ...ids(match)])]]));
    },
    "wamp.subscription.lookup": (call) =>
      here("wamp.subscription.lookup", call) ??
      events.lookUp(matchAt(call, 1), stringAt(call, 0, "the topic"))?.id ??
      null,
    "wamp.subscription.match": (call) => {
      const own = (here("wamp.subscription.match", call) ?? []) as number[];
      const all = [...new Set([...own, ...events.matching(stringAt(call, 0, "the topic")).map(({ id }) => id)])];
      return all.length === 0 ? null : all;
    },
    "wamp.subscription.get": (call) => {
      const interest = interestOf(call);
      if (interest === undefined) return here("wamp.subscription.get", call);
      const { id, created, match, uri } = interest;
      return { id, created: new Date(created).toISOString(), match, uri };
    },
    "wamp.subscription.list_subscribers": async (call) =>
      (await subscribers<number[]>("wamp.subscription.list_subscribers", call)).flat(),
    "wamp.subscription.count_subscribers": async (call) =>
      sum(await subscribers<number>("wamp.subscription.count_subscribers", call)),
    "wamp.subscription.remove_subscriber": atSession("wamp.subscription.remove_subscriber", 1),
    "wamp.registration.list": atSession("wamp.registration.list", 0),
    "wamp.registration.remove_callee": atSession("wamp.registration.remove_callee", 1),
  };
}
