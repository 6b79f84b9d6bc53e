// The clients of a reconnect storm, in a process of their own: they join, are cut off at once, and come back with the
// delays of autobahn-js.
import { next, open } from "./socket.mjs";
import { message } from "./wire.mjs";

const HELLO = message("json", [1, "bench", { roles: { subscriber: {}, caller: {} } }]);
/** How many of them connect at once before the storm. */
const WINDOW = 50;
/** The delays of autobahn-js 22: its defaults, in its words (lib/connection.js). */
const INITIAL_RETRY_DELAY = 1.5;
const RETRY_DELAY_GROWTH = 1.5;
const RETRY_DELAY_JITTER = 0.1;
const MAX_RETRY_DELAY = 300;
/** Each address has its own limit of pending logins. */
const ADDRESSES = Array.from({ length: 16 }, (_, i) => `127.0.1.${i + 1}`);

const flock = [];
const counts = { refused: 0, joined: 0 };
/** Called when one is in. */
let onJoined = () => undefined;

/** A Gaussian (Box and Muller), as in autobahn's lib/util.js. */
function randomNormal(mean, deviation) {
  for (;;) {
    const [x, y] = [2 * Math.random() - 1, 2 * Math.random() - 1];
    const radius = x * x + y * y;
    if (radius > 0 && radius < 1) return mean + x * Math.sqrt((-2 * Math.log(radius)) / radius) * deviation;
  }
}

class Member {
  #url;
  #from;
  #delay = INITIAL_RETRY_DELAY;
  #client = null;

  constructor(url, from) {
    this.#url = url;
    this.#from = from;
  }

  async join() {
    const client = await open(`${this.#url}/ws`, "wamp.2.json", () => undefined, { from: this.#from });
    const answer = next(client);
    const cut = new Promise((_, reject) => client.socket.once("close", () => reject(new Error("cut off"))));
    client.write(HELLO);
    const [code] = JSON.parse(await Promise.race([answer, cut]));
    if (code !== 2) throw new Error("no WELCOME");
    cut.catch(() => undefined);
    this.#client = client;
    this.#delay = INITIAL_RETRY_DELAY;
    client.socket.once("close", () => this.#retryLater());
  }

  cut(how) {
    const { socket } = this.#client;
    if (how === "rst") socket.resetAndDestroy();
    else socket.destroy();
  }

  #retryLater() {
    const delay = Math.min(MAX_RETRY_DELAY, randomNormal(this.#delay, this.#delay * RETRY_DELAY_JITTER));
    this.#delay = delay * RETRY_DELAY_GROWTH;
    setTimeout(() => this.#retry(), delay * 1000);
  }

  async #retry() {
    try {
      await this.join();
      counts.joined++;
      onJoined();
    } catch {
      counts.refused++;
      this.#retryLater();
    }
  }
}

async function gather({ url, clients }) {
  flock.push(...Array.from({ length: clients }, (_, i) => new Member(url, ADDRESSES[i % ADDRESSES.length])));
  for (let i = 0; i < clients; i += WINDOW)
    await Promise.all(flock.slice(i, i + WINDOW).map((member) => member.join()));
}

/** @param how `fin`, `rst`; null: they are cut off by the other side */
async function storm({ how }) {
  counts.refused = counts.joined = 0;
  const began = performance.now();
  const all = new Promise((resolve) => {
    onJoined = () => {
      if (counts.joined === flock.length) resolve();
    };
  });
  if (how !== null) for (const member of flock) member.cut(how);
  const cut = performance.now() - began;
  await all;
  return { seconds: (performance.now() - began) / 1000, refused: counts.refused, cut };
}

process.on("message", async (job) => {
  try {
    process.send({ result: job.clients === undefined ? await storm(job) : await gather(job) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
