// The authenticator as a process of its own: a client like any other, that logs in by a ticket of its own.
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
