import { joined, login, show, withTicket } from "../login.mjs";
import { tokenOf } from "./token.mjs";

const { MYTICKET } = process.env;

// The token says who the client is: its authid in HELLO is ignored.
const by = (ticket, authid = "me") => ({
  authid,
  realm: "realm1",
  authmethods: ["ticket"],
  onchallenge: withTicket(ticket),
});
const token = await tokenOf("sensor");
const denied = "refused, wamp.error.authentication_denied";

await show("sensor", "joined realm1 as sensor, role frontend", () => joined(by(token)));
await show("a program without the group", "refused, wamp.error.no_such_role", async () =>
  joined(by(await tokenOf("intruder"))),
);
await show("a token for another service", denied, async () => joined(by(await tokenOf("sensor", "urn:other"))));
await show("a token that was changed", denied, () => joined(by(`${token.slice(0, -8)}AAAAAAAA`)));
await show("service, by the ticket of the first block", "joined realm1 as service, role frontend", () =>
  joined(by(MYTICKET, "service")),
);
await show("sensor, with a new token in the same session", "renewed", async () => {
  const { session, details, close } = await login(by(token));
  const { expires } = await session.call("wampgate.session.renew", [await tokenOf("sensor")]);
  close();
  return expires >= details.expires ? "renewed" : "not renewed";
});
