import { joined, show, withTicket } from "../login.mjs";
import { permitted, tryPermissions } from "../permissions-client.mjs";

const by = (authid, ticket) => ({ authid, realm: "realm1", authmethods: ["ticket"], onchallenge: withTicket(ticket) });

await show("client1", permitted("client1"), () => tryPermissions(by("client1", process.env.MYTICKET)));
await show("client1, with a wrong ticket", "refused, wamp.error.authentication_denied", () =>
  joined(by("client1", "x")),
);
await show("an unknown client", "refused, wamp.error.authentication_denied", () => joined(by("nobody", "x")));
