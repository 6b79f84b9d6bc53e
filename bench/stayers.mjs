// Ten sessions that stay while others come and go: they call all the time, and measure how long each answer takes.
import { setInterval } from "node:timers";
import { next, open } from "./socket.mjs";
import { idOf, message } from "./wire.mjs";

const CALLERS = 10;
/** How often each of them calls, in milliseconds. */
const PACE = 10;

const took = [];
/** By the callers' numbers: when the calls were made that are not answered. */
const waiting = Array.from({ length: CALLERS }, () => []);

async function join(url, ...requests) {
  const client = await open(`${url}/ws`, "wamp.2.json", () => undefined);
  for (const request of [[1, "bench", { roles: { caller: {}, callee: {}, subscriber: {} } }], ...requests]) {
    const answer = next(client);
    client.write(message("json", request));
    await answer;
  }
  client.onFrame = () => undefined;
  return client;
}

async function start({ url }) {
  const callee = await join(url, [64, 1, {}, "com.bench.echo"]);
  callee.onFrame = (data, at, length) =>
    callee.write(message("json", [70, idOf("json", data.subarray(at, at + length)), {}, []]));
  // One more, subscribed to meta events like a page that shows which sessions there are.
  await join(url, [32, 1, {}, "wamp.session.on_join"], [32, 2, {}, "wamp.session.on_leave"]);
  for (let i = 0; i < CALLERS; i++) {
    const caller = await join(url);
    caller.onFrame = () => took.push(performance.now() - waiting[i].shift());
    let id = 0;
    setInterval(() => {
      waiting[i].push(performance.now());
      caller.write(message("json", [48, ++id, {}, "com.bench.echo"]));
    }, PACE);
  }
}

function report() {
  const sorted = took.splice(0).sort((a, b) => a - b);
  return { calls: sorted.length, p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0, longest: sorted.at(-1) ?? 0 };
}

process.on("message", async (job) => {
  try {
    process.send({ result: job.url === undefined ? report() : await start(job) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
