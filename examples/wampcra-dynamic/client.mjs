import { joined, show, withSecret } from "../login.mjs";
import { permitted, tryPermissions } from "../permissions-client.mjs";

const by = (authid, secret) => ({ authid, realm: "realm1", authmethods: ["wampcra"], onchallenge: withSecret(secret) });

await show("client1", permitted("client1"), () => tryPermissions(by("client1", "secret123")));
await show("joe", permitted("joe"), () => tryPermissions(by("joe", "secret2")));
await show("hans", permitted("ID09125"), () => tryPermissions(by("hans", "123456")));
await show("peter, whose key is derived", permitted("peter"), () => tryPermissions(by("peter", "secret1")));
await show("joe, with a wrong secret", "refused, wamp.error.authentication_denied", () => joined(by("joe", "wrong")));
await show("an unknown client", "refused, com.example.no_such_user", () => joined(by("nobody", "x")));
