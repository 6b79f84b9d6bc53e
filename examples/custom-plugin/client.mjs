import { joined, show, withTicket } from "../login.mjs";
import { answerOf } from "./plugin/knock.mjs";

const knocking = (authid, knock) => ({
  authid,
  realm: "realm1",
  authmethods: ["knock"],
  onchallenge: (_session, _method, { bell }) => answerOf(bell, knock),
});
const showing = (authid, ticket) => ({
  authid,
  realm: "realm1",
  authmethods: ["ticket"],
  onchallenge: withTicket(ticket),
});
const denied = "refused, wamp.error.authentication_denied";

await show("joe, known to the config, by knock", "joined realm1 as joe, role user", () =>
  joined(knocking("joe", "tap")),
);
await show("ann, on the guest list, by knock", "joined realm1 as ann, role user", () =>
  joined(knocking("ann", "tap-tap")),
);
await show("ann, on the guest list, by ticket", "joined realm1 as ann, role user", () =>
  joined(showing("ann", "a paper ticket")),
);
await show("ann, with a wrong knock", denied, () => joined(knocking("ann", "tap")));
await show("an unknown guest", denied, () => joined(knocking("nobody", "tap")));
