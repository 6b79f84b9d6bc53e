// `npm run demo`: logs clients in to the router that `npm start` runs, and shows what each one gets.
import { join } from "node:path";
import { ROOT, run } from "./router-process.mjs";

const port = Number(process.env.PORT ?? 8080);
const at = `127.0.0.1:${port}`;

/** What is wrong with who listens there; null if it is a router with a WebSocket at /ws. */
async function problem() {
  try {
    const { status } = await fetch(`http://${at}/ws`, { signal: AbortSignal.timeout(5000) });
    if (status === 426) return null;
    return `What listens on ${at} is not the router of  npm start : it answers /ws with status ${status}. Name the router's port:  PORT=… npm run demo`;
  } catch (error) {
    if (error.cause?.code === "ECONNREFUSED")
      return `No router listens on ${at}. Run  npm start  in another terminal first.`;
    return `What listens on ${at} is not the router of  npm start : it speaks no HTTP. Name the router's port:  PORT=… npm run demo`;
  }
}

const wrong = await problem();
if (wrong === null) {
  const client = join(ROOT, "examples/advanced/client.mjs");
  process.exitCode = await run([client], { URL: `ws://${at}/ws` }, true).ended;
} else {
  console.error(wrong);
  process.exitCode = 1;
}
