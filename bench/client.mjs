// The load: a separate process. Its parent tells it what to do. It says when the measured time begins and ends.
import { createHmac, pbkdf2Sync } from "node:crypto";
import { PUBLIC_KEY, signedBy } from "./servers/bench-key.mjs";
import { next, open } from "./socket.mjs";
import { idOf, message, payloadOf } from "./wire.mjs";

const HELLO = (details = {}) => [
  1,
  "bench",
  { roles: { publisher: {}, subscriber: {}, caller: {}, callee: {} }, ...details },
];
const SUBPROTOCOL = { json: "wamp.2.json", msgpack: "wamp.2.msgpack", cbor: "wamp.2.cbor" };
const now = () => performance.now();
const tick = () => new Promise(setImmediate);

/** The parts that join the other node, in a cluster. */
const FAR = ["subscriber", "callee"];

/** Joins a router; with a forwarder the path tells the client's part. @param job `far`: the URL of the other node */
async function join({ target, url, far = url, format = "json" }, part, ...requests) {
  const path = target === "wampgate" ? "/ws" : `/${part}`;
  const client = await open((FAR.includes(part) ? far : url) + path, SUBPROTOCOL[format], () => undefined);
  client.format = format;
  if (target !== "wampgate") return client;
  for (const request of [HELLO(), ...requests]) {
    const answer = next(client);
    client.write(message(format, request));
    await answer;
  }
  client.onFrame = () => undefined;
  return client;
}

/** Runs a load for its warm-up and then its measured time. @param counted gives how many messages were delivered */
async function measured({ warmUp, time }, counted) {
  await new Promise((resolve) => setTimeout(resolve, warmUp));
  await ask("begin");
  const [count, begin, cpu] = [counted(), now(), process.cpuUsage()];
  await new Promise((resolve) => setTimeout(resolve, time));
  const [messages, elapsed, used] = [counted() - count, now() - begin, process.cpuUsage(cpu)];
  await ask("end");
  return { messages, seconds: elapsed / 1000, clientCpu: (used.user + used.system) / 1e6 };
}

function ask(word) {
  process.send({ word });
  return new Promise((resolve) => process.once("message", resolve));
}

/** One publisher, `subscribers` subscribers, `window` events in flight, all written together. */
async function fanOut(job) {
  const { subscribers, window, size, pattern = false, receivers = [job.format], target } = job;
  const topic = "com.bench.topic";
  const subscribe = pattern ? [32, 1, { match: "prefix" }, "com.bench."] : [32, 1, {}, topic];
  let received = 0;
  let due = 0;
  let stopped = false;
  const publisher = await join(job, "publisher");
  const one = message(
    job.format,
    target === "wampgate" ? [16, 1, {}, topic, [payloadOf(size)]] : [36, 1, 1, {}, [payloadOf(size)]],
  );
  const batch = Buffer.concat(Array(window).fill(one));
  const publish = () => {
    due += window * subscribers;
    publisher.write(batch);
  };
  const onFrame = () => {
    received++;
    if (received === due && !stopped) publish();
  };
  const clients = [];
  for (let i = 0; i < subscribers; i++) {
    const format = receivers[i % receivers.length];
    const client = await join({ ...job, format }, "subscriber", subscribe);
    client.onFrame = onFrame;
    clients.push(client);
  }
  publish();
  const result = await measured(job, () => received);
  stopped = true;
  for (const client of [publisher, ...clients]) client.close();
  return result;
}

/** `callers` callers with `window` calls in flight each, and one callee that sends back what it gets. */
async function rpc(job) {
  const { callers, window, size, target, format } = job;
  const args = [payloadOf(size)];
  const isRouter = target === "wampgate";
  const callee = await join(job, "callee", [64, 1, {}, "com.bench.echo"]);
  const echo = message(format, [70, 1, {}, args]);
  const yields = new Map();
  const answerTo = (id) => {
    if (!isRouter) return echo;
    let answer = yields.get(id);
    if (answer === undefined) {
      answer = message(format, [70, id, {}, args]);
      if (yields.size > 200_000 / (size === "object" ? 1000 : size)) yields.clear();
      yields.set(id, answer);
    }
    return answer;
  };
  let answers = [];
  callee.onFrame = (data, at, length) => {
    const id = isRouter ? idOf(format, data.subarray(at, at + Math.min(length, 24))) : 0;
    if (answers.push(answerTo(id)) === 1) {
      queueMicrotask(() => {
        callee.write(Buffer.concat(answers));
        answers = [];
      });
    }
  };
  let received = 0;
  let stopped = false;
  const clients = [];
  for (let i = 0; i < callers; i++) {
    const caller = await join(job, "caller");
    const calls = Array.from({ length: window }, (_, n) => message(format, [48, n + 1, {}, "com.bench.echo", args]));
    let again = [];
    caller.onFrame = (data, at, length) => {
      received++;
      if (stopped) return;
      const id = isRouter ? idOf(format, data.subarray(at, at + Math.min(length, 24))) : 1;
      if (again.push(calls[id - 1]) === 1) {
        queueMicrotask(() => {
          caller.write(Buffer.concat(again));
          again = [];
        });
      }
    };
    clients.push({ caller, calls });
  }
  for (const { caller, calls } of clients) caller.write(Buffer.concat(calls));
  const result = await measured(job, () => received);
  stopped = true;
  for (const client of [callee, ...clients.map(({ caller }) => caller)]) client.close();
  return result;
}

/** Calls at a fixed pace: how long each took, in milliseconds. */
async function latency(job) {
  const { target, format, size, perSecond } = job;
  const isRouter = target === "wampgate";
  const args = [payloadOf(size)];
  const callee = await join(job, "callee", [64, 1, {}, "com.bench.echo"]);
  callee.onFrame = (data, at, length) =>
    callee.write(message(format, [70, isRouter ? idOf(format, data.subarray(at, at + length)) : 1, {}, args]));
  const caller = await join(job, "caller");
  const sent = [];
  const took = [];
  caller.onFrame = () => took.push(now() - sent.shift());
  const call = message(format, [48, 1, {}, "com.bench.echo", args]);
  const calls = Array.from({ length: 64 }, (_, n) => message(format, [48, n + 1, {}, "com.bench.echo", args]));
  const pacing = (async () => {
    const begin = now();
    for (let n = 0; now() - begin < job.warmUp + job.time;) {
      while (n < ((now() - begin) / 1000) * perSecond) {
        sent.push(now());
        caller.write(calls[n++ % 64] ?? call);
      }
      await tick();
    }
  })();
  const result = await measured(job, () => took.length);
  await pacing;
  for (const client of [callee, caller]) client.close();
  return { ...result, ...percentiles(took.slice(-result.messages)) };
}

function percentiles(numbers) {
  const sorted = numbers.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99) };
}

const LOGINS = {
  anonymous: ["/ws", {}, null],
  ticket: ["/static", { authid: "joe", authmethods: ["ticket"] }, () => "secret"],
  wampcra: ["/static", { authid: "joe", authmethods: ["wampcra"] }, ([, , { challenge }]) => sign("secret", challenge)],
  "wampcra, salted password": [
    "/dynamic",
    { authid: "amy", authmethods: ["wampcra"] },
    ([, , extra]) => sign(derived(extra), extra.challenge),
  ],
  "ticket, dynamic": ["/dynamic", { authid: "joe", authmethods: ["ticket"] }, () => "secret"],
};
LOGINS["ticket, dynamic in another process"] = ["/remote", ...LOGINS.ticket.slice(1)];
LOGINS.cryptosign = [
  "/static",
  { authid: "joe", authmethods: ["cryptosign"], authextra: { pubkey: PUBLIC_KEY } },
  ([, , { challenge }]) => signedBy(challenge),
];
const sign = (key, text) => createHmac("sha256", key).update(text).digest("base64");
const keys = new Map();
function derived({ salt, iterations, keylen }) {
  const name = JSON.stringify([salt, iterations, keylen]);
  if (!keys.has(name)) keys.set(name, pbkdf2Sync("secret", salt, iterations, keylen, "sha256").toString("base64"));
  return keys.get(name);
}

/** Logs in and hangs up, `window` at a time. */
async function logins(job) {
  const { method, window, target, url } = job;
  const [path, details, prove] = LOGINS[method];
  const isRouter = target === "wampgate";
  const saysHello = job.hello ?? isRouter;
  const place = isRouter ? path : saysHello ? "/login" : "/caller";
  const hello = message("json", HELLO(details));
  let done = 0;
  let stopped = false;
  const once = async () => {
    const client = await open(url + place, SUBPROTOCOL.json, () => undefined);
    if (saysHello) {
      let answer = next(client);
      client.write(hello);
      let got = JSON.parse(await answer);
      if (prove !== null) {
        answer = next(client);
        client.write(message("json", [5, prove(got), {}]));
        got = JSON.parse(await answer);
      }
      if (got[0] !== 2) throw new Error(`no WELCOME, but ${JSON.stringify(got)}`);
    }
    client.close();
    done++;
  };
  const loops = Array.from({ length: window }, async () => {
    while (!stopped) await once();
  });
  const result = await measured(job, () => done);
  stopped = true;
  await Promise.all(loops);
  return result;
}

/** Connections by TLS, with a full handshake or resumed, `window` at a time. */
async function handshakes(job) {
  const { window, resumed, secure } = job;
  let session;
  const first = await open(`${secure}/ws`, SUBPROTOCOL.json, () => undefined);
  // Tickets came before the answer to the request.
  if (resumed) session = first.socket.getSession();
  first.close();
  let done = 0;
  let stopped = false;
  const loops = Array.from({ length: window }, async () => {
    while (!stopped) {
      const client = await open(`${secure}/ws`, SUBPROTOCOL.json, () => undefined, { session });
      if (client.socket.isSessionReused() !== resumed) throw new Error(`TLS: expected resumed: ${resumed}`);
      client.close();
      done++;
    }
  });
  const result = await measured(job, () => done);
  stopped = true;
  await Promise.all(loops);
  return result;
}

/** New topics or procedures, one at a time: how long each took until SUBSCRIBED or REGISTERED, in milliseconds. */
async function firsts(job) {
  const client = await join(job, "subscriber");
  const code = job.of === "topics" ? 32 : 64;
  const took = [];
  let stopped = false;
  const asking = (async () => {
    for (let n = 1; !stopped; n++) {
      const begin = now();
      const answered = next(client);
      client.write(message("json", [code, n, {}, `com.bench.first.${n}`]));
      await answered;
      took.push(now() - begin);
    }
  })();
  const result = await measured(job, () => took.length);
  stopped = true;
  await asking;
  client.close();
  return { ...result, ...percentiles(took.slice(-result.messages)) };
}

/** Many idle sessions. */
async function idle(job) {
  const clients = [];
  await ask("begin");
  for (let i = 0; i < job.sessions; i += 50) {
    clients.push(...(await Promise.all(Array.from({ length: 50 }, () => join(job, "subscriber")))));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  await ask("end");
  for (const client of clients) client.close();
  return { messages: job.sessions, seconds: 0, clientCpu: 0 };
}

const KINDS = { fanOut, rpc, latency, logins, handshakes, firsts, idle };

process.on("message", async (job) => {
  if (job.kind === undefined) return;
  try {
    process.send({ result: await KINDS[job.kind](job) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
