import { joined, show, withTicket } from "../login.mjs";

const by = (authid, ticket) => ({ authid, realm: "realm1", authmethods: ["ticket"], onchallenge: withTicket(ticket) });

await show("joe", 'joined realm1 as joe, role frontend, welcome data {"greeting":"hello joe"}', () =>
  joined(by("joe", "secret!!!")),
);
await show("joe, with a wrong ticket", "refused, com.example.invalid_ticket", () => joined(by("joe", "wrong")));
await show("service, of the second block", "joined realm1 as service, role frontend", () =>
  joined(by("service", process.env.MYTICKET)),
);
await show("an unknown client", "refused, wamp.error.authentication_denied", () => joined(by("nobody", "x")));
