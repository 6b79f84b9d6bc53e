import { storms } from "./storm.mjs";

// The scenarios to measure. `naive` and `tuned` are bars: the minimum ratio to that forwarder.
const name = (size) => (size === "object" ? "1 KiB object" : size >= 1024 ? `${size / 1024} KiB` : `${size} B`);

function fanOuts() {
  const bars = {
    100: { 16: [1.2, 0.7], 256: [1.2, 0.7], 4096: [1, 0.7], object: [1, 0.7] },
    1000: { 16: [1.2, 0.7], 256: [1.2, 0.7] },
    1: { 16: [0.8, 0.6], object: [undefined, 0.85], 4096: [undefined, 0.8] },
  };
  const list = [];
  for (const format of ["json", "msgpack"]) {
    for (const subscribers of [1, 10, 100, 1000]) {
      for (const size of [16, 256, 4096, "object"]) {
        if (subscribers === 1000 && (size === 4096 || size === "object")) continue;
        const [naive, tuned] = bars[subscribers]?.[size] ?? [];
        list.push({ kind: "fanOut", format, subscribers, size, window: 1, naive, tuned });
      }
    }
    for (const subscribers of [100, 1000])
      for (const size of [16, 256])
        list.push({ kind: "fanOut", format, subscribers, size, window: 16, naive: 3, tuned: 0.7 });
  }
  return list.map((one) => ({
    ...one,
    name: `fan-out 1→${one.subscribers}, ${name(one.size)}, ${one.format}${one.window > 1 ? `, ${one.window} in flight` : ""}`,
  }));
}

function calls() {
  const bars = { 32: { 16: [0.8, 0.6], 4096: [0.9, 0.7] } };
  const list = [];
  for (const format of ["json", "msgpack"]) {
    for (const [callers, window, size] of [
      [1, 1, 16],
      [1, 1, 4096],
      [1, 32, 16],
      [1, 32, 4096],
      [10, 32, 16],
    ]) {
      const [naive, tuned] = callers === 1 ? (bars[window]?.[size] ?? []) : [];
      const who = callers === 1 ? "" : `${callers} callers, `;
      list.push({
        kind: "rpc",
        format,
        callers,
        window,
        size,
        naive,
        tuned,
        name: `RPC, ${who}window ${window}, ${name(size)}, ${format}`,
      });
    }
  }
  return list;
}

const REMOTE = "ticket, dynamic in another process";

const logins = ["anonymous", "ticket", "wampcra", "cryptosign", "ticket, dynamic", REMOTE].flatMap((method) =>
  [1, 50].map((window) => ({
    kind: "logins",
    method,
    window,
    /** What of the CPU time is told as an addition. */
    base: method === "anonymous" ? undefined : `login anonymous, ${window === 1 ? "one at a time" : "50 at once"}`,
    hasAuthenticator: method === REMOTE,
    naive: method === "anonymous" && window === 50 ? 0.6 : undefined,
    name: `login ${method}, ${window === 1 ? "one at a time" : `${window} at once`}`,
  })),
);

/** What of a login costs how much. `hello` says whether HELLO is sent: to both the router and the forwarders, or to none. */
const partsOfLogin = [
  { hello: true, naive: 0.7, name: "login anonymous, 50 at once; the forwarders answer HELLO, too" },
  { hello: true, router: "quiet", name: "login anonymous, 50 at once, log off; the forwarders answer HELLO, too" },
  { hello: false, naive: 0.85, name: "connection without HELLO, 50 at once" },
].map((part) => ({ kind: "logins", method: "anonymous", window: 50, ...part }));

/** The forwarders have no TLS: these are compared with a connection without it. */
const handshakes = [false, true].map((resumed) => ({
  kind: "handshakes",
  window: 50,
  resumed,
  alone: true,
  base: "connection without HELLO, 50 at once",
  name: `TLS 1.3 connection without HELLO, ${resumed ? "resumed" : "full handshake"}, 50 at once`,
}));

export const scenarios = [
  ...fanOuts(),
  {
    kind: "fanOut",
    format: "json",
    subscribers: 100,
    size: 256,
    window: 1,
    receivers: ["json", "msgpack"],
    naive: 1.2,
    name: "fan-out 1→100, 256 B, JSON publisher, half the subscribers MessagePack",
  },
  ...["object", 4096].map((size) => ({
    kind: "fanOut",
    format: "cbor",
    receivers: ["msgpack", "json"],
    subscribers: 2,
    size,
    window: 1,
    name: `fan-out 1→2, ${name(size)}, CBOR publisher, subscribers MessagePack and JSON`,
  })),
  {
    kind: "fanOut",
    format: "json",
    subscribers: 100,
    size: 256,
    window: 1,
    pattern: true,
    name: "fan-out 1→100, 256 B, json, prefix subscriptions",
  },
  ...calls(),
  { kind: "latency", format: "json", size: 16, perSecond: 2000, name: "RPC at 2000 calls/s, 16 B, json" },
  ...logins,
  ...partsOfLogin,
  ...handshakes,
  {
    kind: "logins",
    method: "wampcra, salted password",
    window: 200,
    delay: true,
    name: "event loop, while 200 logins by a salted password are under way",
  },
  { kind: "idle", format: "json", sessions: 5000, name: "memory of an idle session" },
  ...storms,
];

/** The scenarios of `--quick`: each kind, and the bars that are hardest to meet. */
export const QUICK = [
  "fan-out 1→1, 16 B, json",
  "fan-out 1→100, 16 B, json",
  "fan-out 1→100, 256 B, msgpack, 16 in flight",
  "fan-out 1→100, 256 B, JSON publisher, half the subscribers MessagePack",
  "RPC, window 32, 16 B, json",
  "RPC, window 32, 4 KiB, msgpack",
  "RPC at 2000 calls/s, 16 B, json",
  "login anonymous, 50 at once",
  ...partsOfLogin.map(({ name }) => name),
  "login ticket, dynamic, 50 at once",
  ...storms.map(({ name }) => name),
];
