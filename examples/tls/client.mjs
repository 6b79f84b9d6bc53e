import { readFileSync } from "node:fs";
import { joined, show, withTicket } from "../login.mjs";

const { FILES, MYTICKET } = process.env;
const read = (file) => readFileSync(`${FILES}/${file}`, "utf8");

/** What a client shows, and nothing more: no authid, and no answer to a challenge. */
const by = (name) => ({
  realm: "realm1",
  authmethods: ["tls"],
  tlsConfiguration: { ca: read("server.pem"), cert: read(`${name}.pem`), key: read(`${name}.key`) },
});

await show("billing, by its subject", "joined realm1 as billing, role backend", () => joined(by("billing")));
await show("sensor-7, by its authority", "joined realm1 as sensor-7, role device", () => joined(by("sensor")));
await show("sensor-7, naming another authid", "joined realm1 as sensor-7, role device", () =>
  joined({ ...by("sensor"), authid: "billing" }),
);
await show("a stranger that calls itself billing", "refused, wamp.error.authentication_denied", () =>
  joined(by("stranger")),
);
await show("a client without a certificate, by ticket", "joined realm1 as client1, role frontend", () =>
  joined({
    realm: "realm1",
    authid: "client1",
    authmethods: ["ticket"],
    onchallenge: withTicket(MYTICKET),
  }),
);
