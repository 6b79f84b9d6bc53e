// scratch: old against new
import { startRouter, freePort, startLoad, answer, ask, pin, TARGETS } from "./targets.mjs";
import { scenarios, QUICK } from "./scenarios.mjs";
import { fork } from "node:child_process";
import { openSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
const rounds = Number(process.argv[2] ?? 3), only = process.argv[3];
const timing = { warmUp: 800, time: 700 };
async function old() {
  const port = await freePort();
  const dir = mkdtempSync("/tmp/cmp-"); const out = openSync(join(dir, "log"), "w");
  const child = fork("/tmp/base/packages/core/bin/wampgate.js", ["start", "--config", "/tmp/base/bench/servers/wampgate.config.mjs"], { stdio: ["ignore", out, out, "ipc"], env: { ...process.env, BENCH_PORT: String(port) }, execArgv: ["--expose-gc", "--import", "/tmp/base/bench/servers/probe.mjs"] });
  pin(child.pid, 0); await answer(child); await new Promise((r) => setTimeout(r, 1500));
  return { child, url: `ws://127.0.0.1:${port}` };
}
const servers = { new: await TARGETS.wampgate(0), old: await old() };
async function measure(scenario, server) {
  const { child: client } = await startLoad(1);
  let before, after;
  pin(server.child.pid, "0");
  client.send({ ...scenario, ...timing, ...(scenario.kind === "logins" && { warmUp: 1500 }), target: "wampgate", url: server.url });
  for (;;) {
    const { word, result, error } = await answer(client);
    if (error !== undefined) throw new Error(error);
    if (result !== undefined) { client.kill(); return result.messages / (after.cpu - before.cpu); }
    if (word === "begin") before = await ask(server.child, "cpu"); else after = await ask(server.child, "cpu");
    client.send({});
  }
}
const ratios = [];
for (const scenario of scenarios.filter((s) => s.kind !== "idle" && s.kind !== "storm" && !s.delay && (only ? s.name.includes(only) : QUICK.includes(s.name)))) {
  const list = [];
  for (let r = 0; r < rounds; r++) {
    const order = r % 2 ? ["new", "old"] : ["old", "new"]; const got = {};
    for (const k of order) got[k] = await measure(scenario, servers[k]).catch((e) => (console.error(String(e)), NaN));
    list.push(got.new / got.old);
  }
  list.sort((a, b) => a - b); const m = list[Math.floor(list.length / 2)]; ratios.push(m);
  console.log(m.toFixed(3), list.map((x) => x.toFixed(2)).join(" "), scenario.name);
}
console.log("geometric mean", Math.exp(ratios.reduce((a, b) => a + Math.log(b), 0) / ratios.length).toFixed(3));
for (const s of Object.values(servers)) s.child.kill();
process.exit();
