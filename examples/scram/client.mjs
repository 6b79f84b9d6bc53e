import { login, show } from "../login.mjs";
import { scramLogin } from "./scram.mjs";

async function by(authid, password) {
  const { options, isKnown } = scramLogin(authid, password);
  const { details, close } = await login(options);
  close();
  const router = isKnown(details) ? "a router that knows the password" : "some other router";
  return `joined ${details.realm} as ${details.authid}, role ${details.authrole}, at ${router}`;
}

const secret = process.env.MYSECRET;
await show("joe", "joined realm1 as joe, role user, at a router that knows the password", () => by("joe", secret));
await show("joe, with a wrong password", "refused, wamp.error.authentication_denied", () => by("joe", "x"));
await show("an unknown client", "refused, wamp.error.authentication_denied", () => by("nobody", secret));
