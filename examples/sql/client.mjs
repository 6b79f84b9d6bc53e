import { joined, show, withTicket } from "../login.mjs";

const by = (authid, ticket) => ({ authid, realm: "realm1", authmethods: ["ticket"], onchallenge: withTicket(ticket) });

await show("joe", 'joined realm1 as joe, role frontend, welcome data {"greeting":"hello joe"}', () =>
  joined(by("joe", "secret!!!")),
);
await show("joe, with a wrong ticket", "refused, wamp.error.authentication_denied", () => joined(by("joe", "wrong")));
await show("an unknown client", "refused, wamp.error.authentication_denied", () => joined(by("nobody", "secret!!!")));
await show("SQL as an authid", "refused, wamp.error.authentication_denied", () =>
  joined(by("joe' or '1'='1", "secret!!!")),
);
