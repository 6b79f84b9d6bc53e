// A separate process: it tells the router each client's secret, and the router checks the proof.
import { autobahn, login, url, withSecret } from "../login.mjs";

const USERS = new Map([
  ["client1", { secret: "secret123", role: "frontend" }],
  ["joe", { secret: "secret2", role: "frontend" }],
  ["hans", { authid: "ID09125", secret: "123456", role: "frontend" }],
  // The key derived from the password «secret1».
  ["peter", { secret: "prq7+YkJ1/KlW1X0YczMHw==", salt: "salt123", iterations: 100, keylen: 16, role: "frontend" }],
]);

const { session } = await login({
  url: url.replace("/ws", "/internal"),
  realm: "realm1",
  authid: "authenticator1",
  authmethods: ["wampcra"],
  onchallenge: withSecret(process.env.AUTHENTICATOR_SECRET),
});
await session.register("com.example.authenticate", ([_realm, authid]) => {
  const user = USERS.get(authid);
  if (user === undefined) throw new autobahn.Error("com.example.no_such_user", [`there is no user ${authid}`]);
  return user;
});
console.log("ready");
