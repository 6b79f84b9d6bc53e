// `npm run demo`: logs clients in to the router that `npm start` runs, and shows what each one gets.
import { connect } from "node:net";
import { join } from "node:path";
import { ROOT, run } from "./router-process.mjs";

const port = Number(process.env.PORT ?? 8080);
const socket = connect(port, "127.0.0.1");
socket.once("error", () => {
  console.error(`No router listens on 127.0.0.1:${port}. Run  npm start  in another terminal first.`);
  process.exitCode = 1;
});
socket.once("connect", async () => {
  socket.destroy();
  const client = join(ROOT, "examples/advanced/client.mjs");
  process.exitCode = await run([client], { URL: `ws://127.0.0.1:${port}/ws` }, true).ended;
});
