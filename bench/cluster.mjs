// `npm run bench:cluster`: what it costs that a message crosses from one node to another over NATS. The same clients at one
// router, and with their far ends at a second node, in turns. It needs nats-server.
//   --rounds N     how often each is measured; the result is the median. Default 3
//   --only TEXT    scenarios whose name contains TEXT
//   --against DIR  another checkout, which is built: two nodes of it are measured in the same rounds
//   --floor        also measures forwarders that read nothing: one, and two that forward to each other by the package for NATS
//   --profile      where the time of both nodes goes, function by function, instead of a comparison
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { hotSpots } from "./report.mjs";
import { answer, ask, freePort, pin, startLoad, startNatsForwarder, startNode, TARGETS } from "./targets.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    against: { type: "string" },
    floor: { type: "boolean" },
    profile: { type: "boolean" },
  },
});
const rounds = Number(options.rounds);
const timing = { warmUp: 300, time: 1000 };
/** The code of all servers must be compiled before the measurement: that of two nodes is more, and runs less often. */
const warming = { warmUp: 0, time: 4000 };
const [load] = loadavg();

const fanOut = { kind: "fanOut", format: "json", subscribers: 1, window: 32 };
const rpc = { kind: "rpc", format: "json", callers: 1, window: 32 };
/** `cpu`: the bar of the CPU time of both nodes to that of one router. `ms`: the bar of what it takes longer, p50. */
const SCENARIOS = [
  { ...fanOut, name: "event 1→1, 16 B, 32 in flight", size: 16, cpu: 3 },
  { ...fanOut, name: "event 1→1, 4 KiB, 32 in flight", size: 4096, cpu: 2.5 },
  { ...fanOut, name: "event 1→100, 256 B", size: 256, subscribers: 100, window: 1, cpu: 1.3 },
  { ...rpc, name: "call, 16 B, window 32", size: 16, cpu: 2.2 },
  { ...rpc, name: "call, 4 KiB, window 32", size: 4096, cpu: 2.2 },
  { kind: "latency", format: "json", name: "call, one at a time", size: 16, perSecond: 200, ms: 0.8 },
  { kind: "firsts", name: "SUBSCRIBE of a new topic", of: "topics", ms: 2 },
  { kind: "firsts", name: "REGISTER of a new procedure", of: "procedures", ms: 4 },
].filter(({ name }) => name.includes(options.only));

const folder = mkdtempSync(join(tmpdir(), "wampgate-bench-"));
const port = await freePort();
const nats = spawn(
  process.env.NATS_SERVER ?? "nats-server",
  ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", folder],
  {
    stdio: "ignore",
  },
);
nats.once("error", ({ message }) => {
  console.error(`The bench of a cluster needs nats-server: ${message}`);
  process.exit(1);
});
const servers = [`nats://127.0.0.1:${port}`];
/** Two nodes that are a cluster. @param start of the checkout whose routers they are */
async function startTwo(start, name) {
  const link = (node) => ({ type: "nats", name, node, servers });
  return [await start(0, link("a")), await start(0, link("b"))];
}
/** What is measured, each as the servers that its messages pass: the last one is that of the far ends. */
const targets = { one: options.profile ? null : [await startNode(0, null)], two: await startTwo(startNode, "bench") };
if (options.against !== undefined) {
  const other = await import(resolve(options.against, "bench/targets.mjs"));
  targets.other = await startTwo(other.startNode, "other");
}
if (options.floor) {
  targets.forwarder = [await TARGETS.tuned(0)];
  targets.floor = [
    await startNatsForwarder(0, "a", "b", servers[0]),
    await startNatsForwarder(0, "b", "a", servers[0]),
  ];
}
pin(nats.pid, 1);

async function cpuOf(servers) {
  return Promise.all(servers.map(async ({ child }) => (await ask(child, "cpu")).cpu));
}

/** Those that are no routers, and what they can be measured with. */
const FORWARDERS = ["forwarder", "floor"];
const canForward = ({ window }) => window === fanOut.window;

/** Runs one scenario. @param at called when the measured time begins and when it ends */
async function run(scenario, name, at) {
  const servers = targets[name];
  const { child: client } = await startLoad(1);
  const target = FORWARDERS.includes(name) ? "tuned" : "wampgate";
  client.send({ ...timing, ...scenario, target, url: servers[0].url, far: servers.at(-1).url });
  for (;;) {
    const { word, result, error } = await answer(client);
    if (error !== undefined) throw new Error(`${scenario.name}: ${error}`);
    if (result !== undefined) {
      client.kill();
      return result;
    }
    await at(word);
    client.send({});
  }
}

async function measure(scenario, name) {
  const cpu = {};
  const result = await run(scenario, name, async (word) => (cpu[word] = await cpuOf(targets[name])));
  const micros = cpu.end.map((end, i) => ((end - cpu.begin[i]) / result.messages) * 1e6);
  return { micros, all: micros.reduce((sum, one) => sum + one), p50: result.p50 };
}

/** Tells where the time of both nodes goes in one scenario. */
async function profile(scenario) {
  const profiles = [];
  await run({ ...scenario, warmUp: 1000, time: 3000 }, "two", async (word) => {
    for (const { child } of targets.two) {
      const said = await ask(child, word === "begin" ? "profile" : "profiled");
      if (word === "end") profiles.push(said.profile);
    }
  });
  profiles.forEach((one, i) => console.log(`${scenario.name}, node ${i === 0 ? "a" : "b"}\n${hotSpots(one)}\n`));
}

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)];
const shown = (number, digits = 2) => number.toFixed(digits);

/** The median of the ratios of single rounds, whose two measurements are close in time, and their quartiles. */
function ratioText(ours, theirs) {
  const ratios = sorted(ours.map(({ all }, i) => all / theirs[i].all));
  const quarter = Math.floor(ratios.length / 4);
  const spread = ratios.length < 4 ? "" : ` (${shown(ratios[quarter])} to ${shown(ratios.at(-1 - quarter))})`;
  return `${shown(median(ratios))}${spread}`;
}

/** From the first to the last and back. */
const turn = (list, round) => (round % 2 === 0 ? list : list.toReversed());

const partsText = (all) =>
  all[0].micros.map((_, i) => shown(median(all.map(({ micros }) => micros[i])), 1)).join(" + ");

const ratioOf = (two, one) => median(two.map(({ all }) => all)) / median(one.map(({ all }) => all));

function row({ name, ms, cpu }, { one, two, other, forwarder, floor }) {
  if (ms === undefined) {
    const here = median(one.map(({ all }) => all));
    const across = here * ratioOf(two, one);
    const beside = other === undefined ? [] : [`${partsText(other)} µs`, ratioText(two, other)];
    if (floor !== undefined)
      beside.push(
        ...(floor.length === 0
          ? ["", "", ""]
          : [`${partsText(forwarder)} µs`, `${partsText(floor)} µs`, shown(ratioOf(floor, forwarder))]),
      );
    return [name, `${shown(here, 1)} µs`, `${partsText(two)} µs`, shown(across / here), `≤ ${cpu}`, ...beside];
  }
  const [here, across, before] = [one, two, other ?? two].map((list) => median(list.map(({ p50 }) => p50)));
  const beside = other === undefined ? [] : [`${shown(before)} ms`, ""];
  const cells = [`${shown(here)} ms`, `${shown(across)} ms`, `+${shown(across - here)} ms`, `≤ +${ms} ms`];
  return [`${name}, p50`, ...cells, ...beside];
}

if (options.profile) {
  for (const scenario of SCENARIOS) await profile(scenario);
} else {
  const beside = options.against === undefined ? [] : ["the other checkout", "this one to it"];
  if (options.floor) beside.push("one forwarder", "two forwarders", "ratio");
  const head = ["scenario", "one router", "two nodes", "ratio", "bar", ...beside];
  console.log(
    `${rounds} rounds, load ${shown(load, 1)} on ${cpus().length} cores at the start, Node.js ${process.version}\n`,
  );
  const line = (cells) => console.log(`| ${cells.join(" | ")} |`);
  line(head);
  line(head.map(() => "---"));
  for (const scenario of SCENARIOS) {
    const measured = Object.fromEntries(Object.keys(targets).map((name) => [name, []]));
    const names = Object.keys(targets).filter((name) => !FORWARDERS.includes(name) || canForward(scenario));
    for (const name of names) await run({ ...scenario, ...warming }, name, () => undefined);
    for (let round = 0; round < rounds; round++)
      for (const name of turn(names, round)) measured[name].push(await measure(scenario, name));
    line(row(scenario, measured));
  }
}
for (const { child } of Object.values(targets).flatMap((list) => list ?? [])) child.kill();
nats.kill();
nats.once("exit", () => rmSync(folder, { recursive: true, force: true }));
