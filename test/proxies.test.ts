import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WebSocket } from "ws";
import { Code, definePlugin } from "@wampgate/core";
import { folderOf } from "../jest/folder.ts";
import { makeTls } from "./support/certificate.ts";
import { docPages } from "./support/doc-blocks.ts";
import { freePort } from "./support/free-port.ts";
import { HELLO } from "./support/limits.ts";
import { eventually } from "./support/load.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

// The configs of proxies in docs/guides/behind-a-proxy.md, with the proxies themselves.

const PAGE = "docs/guides/behind-a-proxy.md";

/** The proxies that CI has installed, and demands. */
const DEMANDED = (process.env["WAMPGATE_PROXIES"] ?? "").split(",");

const isThere = (program: string): boolean => spawnSync(program, ["-v"]).error === undefined;

const block = (language: string): string =>
  docPages()
    .find(({ name }) => name === PAGE)
    ?.blocks.find((one) => one.language === language)?.text ?? "";

interface Setting {
  readonly port: number;
  readonly router: number;
  readonly certificate: string;
  readonly key: string;
}

/** Replaces what differs here. Each must be there, or the page has changed. */
function adapted(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((changed, [from, to]) => {
    expect(changed).toContain(from);
    return changed.replace(from, to);
  }, text);
}

const common = ({ router, certificate, key }: Setting) =>
  [
    ["/etc/ssl/router.pem", certificate],
    ["/etc/ssl/router.key", key],
    ["127.0.0.1:8080", `127.0.0.1:${router}`],
  ] as const;

const PROXIES: Readonly<Record<string, (setting: Setting) => Promise<readonly string[]>>> = {
  async nginx(setting) {
    const server = adapted(block("nginx"), [["listen 443", `listen 127.0.0.1:${setting.port}`], ...common(setting)]);
    const folder = await folderOf({
      "nginx.conf": `daemon off; master_process off; pid nginx.pid; error_log stderr; events {} http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s; ${server} }`,
    });
    return ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
  },
  async caddy(setting) {
    const site = adapted(block("caddyfile"), [
      ["router.example.com", `{\n  admin off\n  auto_https disable_redirects\n}\nhttps://localhost:${setting.port}`],
      ...common(setting),
    ]);
    const folder = await folderOf({ Caddyfile: site });
    return ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"];
  },
};

describe.each(Object.keys(PROXIES))("behind %s as the page configures it", (program) => {
  let running: RunningRouter;
  let proxy: ChildProcess | undefined;
  afterEach(async () => {
    if (proxy !== undefined && proxy.exitCode === null) {
      proxy.kill();
      await once(proxy, "exit");
    }
    await running.close();
  });

  const demanded = DEMANDED.includes(program);
  const test = demanded || isThere(program) ? it : it.skip;
  if (test === it.skip) console.warn(`${program} is not installed: its page is not tested`);

  test("clients log in over TLS, and the router knows their addresses and takes their pages for its own", async () => {
    const seen: unknown[] = [];
    const witness = definePlugin({
      name: "witness",
      core: "*",
      apply({ hooks }) {
        hooks.upgrade.tap("witness", ({ isSecure, takesCookies }) => void seen.push([isSecure, takesCookies]));
        hooks.hello.tap("witness", ({ transport }) => void seen.push(transport.address));
      },
    });
    const endpoint = { type: "tcp", host: "127.0.0.1", port: 0, "trusted-proxies": ["127.0.0.1"] };
    const auth = { anonymous: { type: "static", role: "user" } };
    running = await startRouter({
      plugins: [...OFFICIAL, witness],
      realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
      transports: [{ type: "websocket", endpoint, auth }],
    });
    const { certificate, key } = await makeTls();
    const port = await freePort();
    const setting = { port, router: Number(new URL(running.url).port), certificate, key };
    proxy = spawn(program, await (PROXIES[program] as (typeof PROXIES)[string])(setting), {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, HOME: await folderOf({}) },
    });
    let said = "";
    proxy.stderr?.on("data", (data) => (said += String(data)));
    const open = async (): Promise<WebSocket | null> => {
      if (proxy?.exitCode !== null) throw new Error(`${program} ended: ${said}`);
      const socket = new WebSocket(`wss://localhost:${port}/ws`, "wamp.2.json", {
        rejectUnauthorized: false,
        ca: readFileSync(certificate),
        origin: `https://localhost:${port}`,
        localAddress: "127.0.0.7",
        family: 4,
      });
      const opened = once(socket, "open").then(() => socket);
      return opened.catch(() => null);
    };
    let socket: WebSocket | null = null;
    await eventually(async () => (socket = await open()) !== null);
    const client = socket as unknown as WebSocket;
    client.send(JSON.stringify(HELLO));
    const [data] = (await once(client, "message")) as [Buffer];
    expect((JSON.parse(data.toString()) as unknown[])[0]).toBe(Code.WELCOME);
    expect(seen).toEqual([[true, true], "127.0.0.7"]);
    client.terminate();
  }, 30_000);
});
