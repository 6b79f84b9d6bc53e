// The authenticator in a separate process: a normal client that logs in with its own ticket.
import { autobahn, login, withTicket } from "../login.mjs";
import { authenticate } from "./principals.mjs";

const fail = (error, message) => new autobahn.Error(error, [message]);

const { session } = await login({
  realm: "realm-auth",
  authid: "authenticator",
  authmethods: ["ticket"],
  onchallenge: withTicket(process.env.AUTHENTICATOR_TICKET),
});
await session.register("com.example.authenticate", ([realm, authid, details]) =>
  authenticate(realm, authid, details, fail),
);
console.log("ready");
