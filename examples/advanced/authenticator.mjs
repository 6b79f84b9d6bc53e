// The authenticator as a component, in the router's process.
import { authenticate } from "./principals.mjs";

const fail = (error, message) => Object.assign(new Error(message), { error, args: [message] });

export default async function authenticator(session) {
  await session.register("com.example.authenticate", ([realm, authid, details]) =>
    authenticate(realm, authid, details, fail),
  );
}
