import { joined, show, withTicket } from "../login.mjs";
import { permitted, tryPermissions } from "../permissions-client.mjs";

const by = (authid, ticket) => ({ authid, realm: "realm1", authmethods: ["ticket"], onchallenge: withTicket(ticket) });

await show("joe", permitted("joe"), () => tryPermissions(by("joe", "secret!!!")));
await show("client2", permitted("client2"), () => tryPermissions(by("client2", "123sekret")));
await show("joe, with a wrong ticket", "refused, com.example.invalid_ticket", () => joined(by("joe", "wrong")));
await show("an unknown client", "refused, com.example.no_such_user", () => joined(by("nobody", "x")));
