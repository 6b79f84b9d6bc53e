import type { SessionInfo } from "../../contract/session-port.ts";
import { CloseUri, ErrorUri } from "../../wamp/error-uris.ts";
import type { Dict } from "../../wamp/payload.ts";
import { refusal } from "../../errors/wamp-error.ts";
import type { Member } from "../member.ts";
import {
  idAt,
  memberOf,
  type Members,
  type MetaCall,
  type MetaProcedures,
  reasonIn,
  stringAt,
  stringIn,
  stringsAt,
} from "./meta-call.ts";

/** The session meta API (spec, advanced/meta_api_session). */
export function sessionMeta(members: Members): MetaProcedures {
  const find = (id: number): Member => memberOf(id, members);
  const withRoles = (call: MetaCall): Member[] => {
    const roles = stringsAt(call, 0, "the roles");
    return [...members.values()].filter(({ info }) => roles === null || roles.includes(info.authrole));
  };
  /** Ends sessions, but never the caller's. @returns their ids */
  const kill = (call: MetaCall, which: (info: SessionInfo) => boolean): number[] => {
    const reason = reasonIn(call, CloseUri.killed);
    const message = stringIn(call, "message") ?? undefined;
    const killed = [...members.values()].filter((member) => member !== call.caller && which(member.info));
    for (const { port } of killed) port.close(reason, message);
    return killed.map(({ info }) => info.session);
  };
  return {
    "wamp.session.count": (call) => withRoles(call).length,
    "wamp.session.list": (call) => withRoles(call).map(({ info }) => info.session),
    "wamp.session.get": (call) => detailsOf(find(idAt(call, 0, "the session")).info),
    "wamp.session.kill": (call) => {
      const id = idAt(call, 0, "the session");
      if (find(id) === call.caller)
        throw refusal(ErrorUri.noSuchSession, "a session cannot kill itself; it leaves by GOODBYE");
      kill(call, ({ session }) => session === id);
    },
    "wamp.session.kill_by_authid": (call) => {
      const wanted = stringAt(call, 0, "the authid");
      return kill(call, ({ authid }) => authid === wanted);
    },
    "wamp.session.kill_by_authrole": (call) => {
      const wanted = stringAt(call, 0, "the authrole");
      return kill(call, ({ authrole }) => authrole === wanted).length;
    },
    "wamp.session.kill_all": (call) => {
      // No meta events and no testaments: no subscribers would remain to receive them, says the spec.
      for (const member of members.values()) member.leavesUntold = member !== call.caller;
      return kill(call, () => true).length;
    },
  };
}

/** A session, as the meta API shows it: without the headers of its HTTP request, which may hold secrets. */
export function detailsOf(info: SessionInfo): Dict {
  const { session, authid, authrole, authmethod, authprovider, expires, transport } = info;
  const { type, protocol, peer } = transport;
  const ending = expires === null ? {} : { expires };
  return { session, authid, authrole, authmethod, authprovider, ...ending, transport: { type, protocol, peer } };
}
