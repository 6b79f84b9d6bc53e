import { joined, show, withTicket } from "../login.mjs";
import { codeOf, slotAt } from "./totp.mjs";

const by = (authid, ticket) => ({ authid, realm: "realm1", authmethods: ["ticket"], onchallenge: withTicket(ticket) });
const code = codeOf("CACKN3GRF3KQZMEK", slotAt(Date.now()));
const old = codeOf("BKIV3FXPRA67N4Q5", slotAt(Date.now()) - 10);

await show("tobias1, with the code of now", "joined realm1 as tobias1, role frontend", () =>
  joined(by("tobias1", code)),
);
await show("tobias1, with that code again", "refused, com.example.invalid_ticket", () => joined(by("tobias1", code)));
await show("user1, with a code of five minutes ago", "refused, com.example.invalid_ticket", () =>
  joined(by("user1", old)),
);
await show("an unknown client", "refused, com.example.no_such_user", () => joined(by("nobody", code)));
