// `npm run bench:cluster`: what it costs that a message crosses from one node to another over NATS. The same clients at one
// router, and with their far ends at a second node, in turns. It needs nats-server.
//   --rounds N   how often each is measured; the result is the median. Default 3
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { answer, ask, freePort, pin, startLoad, startNode } from "./targets.mjs";

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "3" } } });
const rounds = Number(options.rounds);
const timing = { warmUp: 500, time: 1000 };
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
];

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
const link = (node) => ({ type: "nats", name: "bench", node, servers: [`nats://127.0.0.1:${port}`] });
const nodes = [];
for (const cluster of [null, link("a"), link("b")]) nodes.push(await startNode(0, cluster));
const [alone, near, far] = nodes;
pin(nats.pid, 1);

async function cpuOf(servers) {
  return Promise.all(servers.map(async ({ child }) => (await ask(child, "cpu")).cpu));
}

/** Measures one scenario. @param servers those that its messages pass: the last one is that of the far ends */
async function measure(scenario, servers) {
  const { child: client } = await startLoad(1);
  let before = null;
  let after = null;
  client.send({ ...scenario, ...timing, target: "wampgate", url: servers[0].url, far: servers.at(-1).url });
  for (;;) {
    const { word, result, error } = await answer(client);
    if (error !== undefined) throw new Error(`${scenario.name}: ${error}`);
    if (result !== undefined) {
      client.kill();
      const micros = after.map((cpu, i) => ((cpu - before[i]) / result.messages) * 1e6);
      return { micros, all: micros.reduce((sum, one) => sum + one), p50: result.p50 };
    }
    if (word === "begin") before = await cpuOf(servers);
    else after = await cpuOf(servers);
    client.send({});
  }
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const shown = (number, digits = 2) => number.toFixed(digits);

console.log(
  `${rounds} rounds, load ${shown(load, 1)} on ${cpus().length} cores at the start, Node.js ${process.version}\n`,
);
console.log("| scenario | one router | two nodes | ratio | bar |");
console.log("| --- | --- | --- | --- | --- |");
for (const scenario of SCENARIOS) {
  const [here, across] = [[], []];
  for (let round = 0; round < rounds; round++) {
    here.push(await measure(scenario, [alone]));
    across.push(await measure(scenario, [near, far]));
  }
  if (scenario.ms === undefined) {
    const [one, two] = [here, across].map((list) => median(list.map(({ all }) => all)));
    const parts = across[0].micros.map((_, i) => shown(median(across.map(({ micros }) => micros[i])), 1)).join(" + ");
    console.log(`| ${scenario.name} | ${shown(one, 1)} µs | ${parts} µs | ${shown(two / one)} | ≤ ${scenario.cpu} |`);
  } else {
    const [one, two] = [here, across].map((list) => median(list.map(({ p50 }) => p50)));
    console.log(
      `| ${scenario.name}, p50 | ${shown(one)} ms | ${shown(two)} ms | +${shown(two - one)} ms | ≤ +${scenario.ms} ms |`,
    );
  }
}
for (const { child } of nodes) child.kill();
nats.kill();
nats.once("exit", () => rmSync(folder, { recursive: true, force: true }));
