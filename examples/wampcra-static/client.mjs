import { joined, show, withSecret } from "../login.mjs";
import { permitted, tryPermissions } from "../permissions-client.mjs";

const by = (authid, secret) => ({ authid, realm: "realm1", authmethods: ["wampcra"], onchallenge: withSecret(secret) });

for (const authid of ["client1", "client2", "client3"]) {
  await show(authid, permitted(authid), () => tryPermissions(by(authid, process.env.MYSECRET)));
}
await show("client1, with a wrong secret", "refused, wamp.error.authentication_denied", () =>
  joined(by("client1", "x")),
);
await show("an unknown client", "refused, wamp.error.authentication_denied", () => joined(by("nobody", "x")));
