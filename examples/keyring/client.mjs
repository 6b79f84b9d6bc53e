import { readFileSync } from "node:fs";
import { browser } from "../cookie/browser.mjs";
import { tokenOf } from "../jwt/token.mjs";
import { joined, show, withKey, withTicket } from "../login.mjs";
import { codeOf, slotAt } from "../totp/totp.mjs";

const { FILES, MYTICKET, MYSEED, CLIENT01_KEY, STRANGER_KEY } = process.env;
const realm = "company";
const denied = "refused, wamp.error.authentication_denied";
const read = (file) => readFileSync(`${FILES}/${file}`, "utf8");

// An employee: a token says who it is.
const withToken = async (client) =>
  joined({ realm, authmethods: ["ticket"], onchallenge: withTicket(await tokenOf(client)) });
await show("ann, with a token of the provider", "joined company as ann, role employee", () => withToken("ann"));
await show("a program whose token names no group", "refused, wamp.error.no_such_role", () => withToken("intruder"));

// A device: its key never leaves it.
const sensor = { realm, authid: "sensor-7" };
await show("sensor-7, by its key", "joined company as sensor-7, role device", () =>
  joined({ ...sensor, ...withKey(CLIENT01_KEY) }),
);
await show("another key that calls itself sensor-7", denied, () => joined({ ...sensor, ...withKey(STRANGER_KEY) }));

// A service: TLS has checked its certificate.
const withCertificate = (name) =>
  joined({
    realm,
    authmethods: ["tls"],
    tlsConfiguration: { ca: read("server.pem"), cert: read(`${name}.pem`), key: read(`${name}.key`) },
  });
await show("billing, by its certificate", "joined company as billing, role service", () => withCertificate("billing"));
await show("a certificate that calls itself billing", denied, () => withCertificate("stranger"));

// A customer: a password and a code once, then the cookie of that browser.
const joes = browser({ realm, authmethods: ["cookie", "ticket"] });
async function visit(answers) {
  const page = await joes.open("joe", answers);
  page.drop();
  return page.how;
}
const ticket = () => MYTICKET;
await show("joe's browser, with a wrong code", denied, () => visit({ ticket, totp: () => "000000" }));
await show("joe's browser, with password and code", "joined as joe by ticket and totp, static", () =>
  visit({ ticket, totp: () => codeOf(MYSEED, slotAt(Date.now())) }),
);
await show("the same browser, with its cookie", "joined as joe by ticket and totp, cookie", () => visit({}));
