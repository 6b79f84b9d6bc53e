// `npm start`: installs and builds what is missing, then runs the example «advanced» as a router.
import "./set-up.mjs";
import { join } from "node:path";
import { ROOT, startRouter } from "./router-process.mjs";

const PORT = process.env.PORT ?? "8080";

const config = join(ROOT, "examples/advanced/wampgate.config.yaml");
const router = await startRouter(config, { PORT }).catch(() => {
  // The router has said why.
  console.error(`To listen on another port:  PORT=${Number(PORT) + 1} npm start`);
  process.exit(1);
});
console.log(`
wampgate listens on ${router.url}, and an authenticator in realm-auth decides each login.

  authid   ticket      joins
  user1    123secret   realm-user1
  user2    456secret   realm-user2

Method: ticket. A client may name its realm in HELLO, or none at all.
See it at work: run  npm run demo  in a second terminal. Stop with Ctrl-C.
`);
const stop = () => void router.stop();
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
process.exitCode = await router.ended;
