// `npm run bench`: compares the router with two forwarders, interleaved in one run.
//   --quick        a few scenarios, in a minute or two
//   --only TEXT    scenarios whose name contains TEXT
//   --rounds N     how often each is measured; the result is the median, from 4 on with quartiles
//   --against DIR  another checkout, which is built: its router is measured, too, and what this one needs of its CPU time
//   --clients N    how many come back in a reconnect storm; default 10,000, with --quick 1,000
//   --profile      where the router's time goes, function by function, instead of a comparison
//   --write        writes docs/reference/performance.md's table and bench/results.json
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { hotSpots, stormTable, table } from "./report.mjs";
import { QUICK, scenarios } from "./scenarios.mjs";
import { CLIENTS, measureStorm } from "./storm.mjs";
import { answer, ask, canPin, pin, startAuthenticator, startLoad, TARGETS } from "./targets.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean" },
    only: { type: "string" },
    rounds: { type: "string" },
    against: { type: "string" },
    clients: { type: "string" },
    write: { type: "boolean" },
    profile: { type: "boolean" },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
const timing = options.quick ? { warmUp: 800, time: 500 } : { warmUp: 400, time: 1000 };
/** What else the machine does. */
const [load] = loadavg();
const clients = Number(options.clients ?? (options.quick ? 1000 : CLIENTS));
const chosen = scenarios.filter(
  ({ name }) => (!options.quick || QUICK.includes(name)) && (options.only === undefined || name.includes(options.only)),
);
/** A login runs much code, and all of it must be compiled before the measurement. */
const warmed = ["logins", "handshakes"];
const warmLogins = options.quick ? { warmUp: 1000 } : { warmUp: 3000 };
const HERE = import.meta.dirname;
/** What another checkout starts as its router; undefined without `--against`. */
const other = options.against && (await import(resolve(options.against, "bench/targets.mjs"))).TARGETS;
/** Where the router's time goes in one scenario. */
async function profile(scenario) {
  const server = await TARGETS[scenario.router ?? "wampgate"](0);
  const { child: client } = await startLoad(1);
  const authenticator = scenario.hasAuthenticator ? await startAuthenticator(server.url) : null;
  client.send({ ...scenario, warmUp: 1000, time: 3000, target: "wampgate", url: server.url, secure: server.secure });
  for (;;) {
    const { word, result, error } = await answer(client);
    if (error !== undefined) throw new Error(error);
    if (result !== undefined) break;
    const said = await ask(server.child, word === "begin" ? "profile" : "profiled");
    if (word === "end") console.log(`${scenario.name}\n${hotSpots(said.profile)}\n`);
    client.send({});
  }
  for (const child of [client, server.child, authenticator?.child]) child?.kill();
}

/** Measures one scenario at one target, in a separate load process. */
async function measure(scenario, target, server) {
  const { child: client } = await startLoad(1);
  const isRouter = target === "wampgate" || target === "other";
  const authenticator = scenario.hasAuthenticator && isRouter ? await startAuthenticator(server.url) : null;
  const isMemory = scenario.kind === "idle";
  const question = isMemory ? "memory" : "cpu";
  let before = null;
  let after = null;
  let delay = {};
  // This measures the event loop while other threads derive keys. Those threads need another core.
  pin(server.child.pid, scenario.delay ? "0,1" : "0");
  client.send({
    ...scenario,
    ...timing,
    ...(warmed.includes(scenario.kind) && warmLogins),
    target: isRouter ? "wampgate" : target,
    url: server.url,
    secure: server.secure,
  });
  for (;;) {
    const { word, result, error } = await answer(client);
    if (error !== undefined) throw new Error(`${scenario.name} at ${target}: ${error}`);
    if (result !== undefined) {
      client.kill();
      authenticator?.child.kill();
      if (isMemory) return { kib: (after.rss - before.rss) / 1024 / scenario.sessions };
      return {
        rate: result.messages / result.seconds,
        perCpuSecond: result.messages / (after.cpu - before.cpu),
        clientLoad: result.clientCpu / result.seconds,
        ...(result.p50 === undefined ? {} : { p50: result.p50, p99: result.p99 }),
        ...(scenario.delay ? { p50: delay.p50, p99: delay.p99 } : {}),
      };
    }
    if (word === "begin") before = await ask(server.child, question);
    else after = await ask(server.child, question);
    if (scenario.delay) delay = await ask(server.child, word === "begin" ? "watch" : "delay");
    client.send({});
  }
}

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)];
/** The first and the third quartile of the ratios of single rounds, whose two measurements are close in time. */
function quartiles(ours, theirs) {
  const ratios = sorted(ours.map(({ perCpuSecond }, i) => perCpuSecond / theirs[i].perCpuSecond));
  const quarter = Math.floor(ratios.length / 4);
  return [ratios[quarter], ratios[ratios.length - 1 - quarter]];
}
function medians(samples) {
  return Object.fromEntries(Object.keys(samples[0]).map((key) => [key, median(samples.map((sample) => sample[key]))]));
}

if (options.profile) {
  for (const scenario of chosen.filter(({ kind }) => kind !== "storm")) await profile(scenario);
  process.exit();
}

/** Those that run, by the name of their target. */
const servers = new Map();
async function serverFor({ router = "wampgate" }, target) {
  const name = target === "wampgate" ? router : target === "other" ? `other ${router}` : target;
  if (!servers.has(name)) servers.set(name, await (target === "other" ? other[router] : TARGETS[name])(0));
  return servers.get(name);
}

const results = [];
for (const scenario of chosen) {
  if (scenario.kind === "storm") {
    results.push({ ...scenario, wampgate: await measureStorm(scenario, clients) });
    console.error(`${results.length}/${chosen.length} ${scenario.name}`);
    continue;
  }
  const samples = {
    wampgate: [],
    ...(other && { other: [] }),
    ...(!scenario.alone && { naive: [], tuned: [] }),
  };
  // Memory depends on what a process has done before, so each measurement starts a new one.
  const fresh = scenario.kind === "idle" || results.length === 0;
  if (fresh) {
    for (const { child } of servers.values()) child.kill();
    servers.clear();
  }
  for (let round = 0; round < (scenario.kind === "idle" ? 1 : rounds); round++) {
    const targets = Object.keys(samples);
    // In turns, so that no target is always measured after the same one.
    for (const target of round % 2 === 0 ? targets : targets.reverse())
      samples[target].push(await measure(scenario, target, await serverFor(scenario, target)));
  }
  const result = {
    ...scenario,
    ...Object.fromEntries(Object.entries(samples).map(([target, list]) => [target, medians(list)])),
    bars: [scenario.naive, scenario.tuned],
    ...(rounds < 4 || scenario.kind === "idle"
      ? {}
      : {
          quartiles: [samples.naive, samples.tuned, samples.other].map(
            (theirs) => theirs && quartiles(samples.wampgate, theirs),
          ),
        }),
  };
  results.push(result);
  console.error(`${results.length}/${chosen.length} ${scenario.name}`);
}
for (const { child } of servers.values()) child.kill();

const machine = `Node.js ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}`;
const pinned = canPin ? "server and load pinned to a core each" : "not pinned";
const measured = `${rounds} ${rounds === 1 ? "round" : "interleaved rounds"} of ${timing.time} ms`;
const where = `${machine}, ${measured}, ${pinned}`;
const stormy = `${machine}, ${pinned}, other work on the machine: load average ${load.toFixed(0)}`;
const isStorm = ({ kind }) => kind === "storm";
/** What is written where: nothing replaces rows that were not measured. */
const parts = [
  { name: "table", key: "results", rows: results.filter((one) => !isStorm(one)), of: table, where },
  { name: "storms", key: "storms", rows: results.filter(isStorm), of: stormTable, where: stormy },
].filter(({ rows }) => rows.length > 0);
console.log(parts.map(({ rows, of, where: how }) => `${how}\n\n${of(rows)}`).join("\n\n"));
if (options.write) {
  const file = join(HERE, "results.json");
  const page = join(HERE, "../docs/reference/performance.md");
  const date = new Date().toISOString().slice(0, 10);
  const kept = JSON.parse(readFileSync(file, "utf8"));
  let text = readFileSync(page, "utf8");
  for (const { name, key, rows, of, where: how } of parts) {
    Object.assign(
      kept,
      key === "results" ? { where: how, date, results: rows } : { [key]: { where: how, date, results: rows } },
    );
    const [head, , tail] = text.split(new RegExp(`<!-- ${name} (?:begins|ends) -->`));
    text = `${head}<!-- ${name} begins -->\n\n${how}, ${date}.\n\n${of(rows)}\n<!-- ${name} ends -->${tail}`;
  }
  writeFileSync(page, text);
  writeFileSync(file, `${JSON.stringify(kept, null, 1)}\n`);
}
