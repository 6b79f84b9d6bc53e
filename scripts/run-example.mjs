// `npm run example <name>`: runs an example's router on a free port, its processes and its client, and stops them all.
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, ROOT, run, startRouter } from "./router-process.mjs";

/** Environment variables of the examples: secrets, which belong there, and a file. */
const ENVIRONMENT = {
  MYTICKET: "secret123",
  MYSECRET: "secret123",
  MYSEED: "CACKN3GRF3KQZMEK",
  AUTHENTICATOR_TICKET: "a ticket for the authenticator alone",
  AUTHENTICATOR_SECRET: "a secret for the authenticator alone",
  CLIENT01_KEY: "c0cc7e77eafa1d669126f54ddf0bb8ec084696614efb2cb79066323f8be16bc3",
  CLIENT02_KEY: "e1fb1017ec3b0eaf6ad4294ad1ed2091333c2835bce3a51b66b006ed72bb751d",
  STRANGER_KEY: "57b958d35a3174d6af7af429a109aa3aa50cb44c260e9a0173165217282b066b",
  ROUTER_KEY: "45ee13d5ef175d06fade0a5744e34c2d7a2df2d82ec685f32d963cab36afe288",
  WEBHOOK_SECRET: "a secret for the web server alone",
  GUESTS: join(ROOT, "examples/custom-plugin/guests.json"),
};

const [name] = process.argv.slice(2);
const folder = join(ROOT, "examples", name ?? "");
if (name === undefined || !existsSync(join(folder, "client.mjs"))) {
  const entries = await readdir(join(ROOT, "examples"), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  console.error(`npm run example <name>, where <name> is one of: ${names.join(", ")}`);
  process.exit(2);
}
// One that needs more than a router starts it itself.
const own = join(folder, "run.mjs");
const configs = existsSync(own) ? [] : ["wampgate.config.yaml", "external.config.yaml"];
if (existsSync(own)) process.exitCode = await run([own], ENVIRONMENT, true).ended;
for (const config of configs) {
  if (existsSync(join(folder, config))) process.exitCode ||= await runWith(config);
}

async function runWith(config) {
  console.log(`\n${name}, ${config}`);
  const files = await mkdtemp(join(tmpdir(), "wampgate-example-"));
  const env = {
    ...ENVIRONMENT,
    PORT: String(await freePort()),
    SERVER: `http://127.0.0.1:${await freePort()}`,
    FILES: files,
    DATABASE: join(files, "users.db"),
  };
  const processes = [];
  const start = async (script, variables) => {
    const started = run([script], variables);
    processes.push(started);
    await started.line((line) => line === "ready", `${script} did not get ready`);
  };
  try {
    // What it needs in files, such as certificates, or a table with users.
    const setUp = join(folder, "set-up.mjs");
    if (existsSync(setUp) && (await run([setUp], env, true).ended) !== 0) return 1;
    // No public authority vouches for a router on this machine.
    if (existsSync(join(files, "server.pem"))) env.NODE_EXTRA_CA_CERTS = join(files, "server.pem");
    // A web server that the router asks about its clients.
    const server = join(folder, "server.mjs");
    if (existsSync(server)) await start(server, env);
    const router = await startRouter(join(folder, config), env);
    processes.push(router);
    const own = { ...env, URL: router.url.replace("/internal", "/ws") };
    const script = join(folder, "authenticator-process.mjs");
    // A config that runs its authenticator in the router's process needs no other one.
    if (existsSync(script) && (config.startsWith("external") || !existsSync(join(folder, "authenticator.mjs"))))
      await start(script, own);
    return await run([join(folder, "client.mjs")], own, true).ended;
  } finally {
    for (const process of processes) await process.stop();
    await rm(files, { recursive: true });
  }
}
