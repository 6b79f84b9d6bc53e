import { ErrorUri } from "../../wamp/error-uris.ts";
import { refusal } from "../../errors/wamp-error.ts";
import type { Registrar } from "../dealer/registrar.ts";
import { detailsOf, type Registration } from "../dealer/registrations.ts";
import {
  idAt,
  idsByMatch,
  matchAt,
  memberAt,
  type Members,
  type MetaCall,
  type MetaProcedures,
  stringAt,
  stringIn,
} from "./meta-call.ts";

/** The registration meta API (spec, advanced/meta_api_registration). */
export function registrationMeta(registrar: Registrar, members: Members): MetaProcedures {
  const { registrations } = registrar;
  const find = (call: MetaCall): Registration => {
    const id = idAt(call, 0, "the registration");
    const registration = registrations.get(id);
    if (registration === undefined) throw refusal(ErrorUri.noSuchRegistration, `no registration ${id} exists`);
    return registration;
  };
  return {
    // With a session: those that it holds, as Crossbar does.
    "wamp.registration.list": (call) => {
      const member = memberAt(call, 0, members);
      if (member === null) return idsByMatch((match) => registrations.all(match));
      const held = registrar.heldBy(member);
      return idsByMatch((match) => held.filter((registration) => registration.match === match));
    },
    "wamp.registration.lookup": (call) =>
      registrations.lookUp(stringAt(call, 0, "the procedure"), matchAt(call, 1))?.id ?? null,
    "wamp.registration.match": (call) => registrar.find(stringAt(call, 0, "the procedure"))?.id ?? null,
    "wamp.registration.get": (call) => detailsOf(find(call)),
    "wamp.registration.list_callees": (call) => find(call).callees.map(({ member }) => member.info.session),
    "wamp.registration.count_callees": (call) => find(call).callees.length,
    // Crossbar's procedure, to end another session's registration.
    "wamp.registration.remove_callee": (call) => {
      const registration = find(call);
      const session = idAt(call, 1, "the session");
      const callee = registration.callees.find(({ member }) => member.info.session === session);
      if (callee === undefined)
        throw refusal(ErrorUri.noSuchSession, `session ${session} does not hold this registration`);
      return registrar.revokeAnywhere(callee.member, registration, stringIn(call, "reason"));
    },
  };
}
