import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import { folderWith, ROOT, run, startCli } from "./support/cli.ts";
import { connectRaw } from "./support/raw-client.ts";

// Each test starts processes, on machines that may have other work.
jest.setTimeout(30_000);

const CONFIG = `
plugins: ["@wampgate/auth-anonymous", "@wampgate/auth-ticket", "@wampgate/auth-dynamic"]
realms:
  - name: realm1
    roles: [{ name: user, allow-by-default: true, permissions: [{ uri: com.example.authenticate, allow: { register: true } }] }]
transports:
  - type: websocket
    endpoint: { type: tcp, host: 127.0.0.1, port: 0 }
    auth:
      anonymous: { type: static, role: user }
      ticket:
        - { type: static, principals: { joe: { ticket: "\${JOE}", role: user } } }
        - { type: dynamic, authenticator: com.example.authenticate, authenticator-realm: realm1 }
`;

describe("wampgate", () => {
  it("tells by --help what there is, and by --version which it is", async () => {
    const cwd = await folderWith();
    const help = await run(cwd, ["--help"]);
    expect(help.code).toBe(0);
    for (const command of ["start", "check", "schema", "print-config", "init", "hash-ticket", "hash-wampcra"])
      expect(help.stdout).toContain(command);
    const { version } = JSON.parse(await readFile(join(ROOT, "packages/core/package.json"), "utf8")) as {
      version: string;
    };
    expect(await run(cwd, ["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [["nosuch"]],
    [["start", "--nosuch"]],
    [["start", "--log-level", "loud"]],
    [["hash-wampcra", "--keylen", "x"]],
  ])("%j is wrong use: exit code 2", async (args) => {
    const { code, stderr } = await run(await folderWith(), args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^WG_USAGE: ./);
  });

  it("reads a config in TypeScript, typed by defineConfig", async () => {
    const text = `
      import anonymous from "@wampgate/auth-anonymous";
      import { defineConfig } from "@wampgate/core";
      const role: string = "guest";
      export default defineConfig({
        plugins: [anonymous],
        realms: [{ name: "realm1", roles: [{ name: role }] }],
        transports: [{ type: "memory", auth: { anonymous: { type: "static", role } } }],
      });`;
    const { code, stdout, stderr } = await run(await folderWith({ "wampgate.config.ts": text }), ["check"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("@wampgate/auth-anonymous");
  });

  it("init writes a config that check accepts and only its owner may read, and overwrites none", async () => {
    const cwd = await folderWith();
    const first = await run(cwd, ["init"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("npm install @wampgate/core");
    const checked = await run(cwd, ["check"], { env: { JOE_TICKET: "x" } });
    expect(checked).toMatchObject({ code: 0, stderr: "" });
    const again = await run(cwd, ["init"]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("--force");
    const file = join(cwd, "wampgate.config.yaml");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await chmod(file, 0o664);
    expect((await run(cwd, ["init", "--force"])).code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(cwd)).sort()).toEqual(["node_modules", "wampgate.config.yaml"]);
  });

  it("what init has in comments works without their signs", async () => {
    const cwd = await folderWith();
    await run(cwd, ["init"]);
    const file = join(cwd, "wampgate.config.yaml");
    const offered = /^( *)# (?=- "|\w+: \{)/gm;
    const text = await readFile(file, "utf8");
    expect(text.match(offered)?.length).toBe(11);
    await writeFile(
      file,
      text.replaceAll(offered, "$1").replace("type: static\n", "type: static\n        then: totp\n"),
    );
    const key = "ab".repeat(32);
    const salted = { TOM_SALT: "ab".repeat(16), TOM_STORED: key, TOM_SERVER: key };
    const env = {
      JOE_TICKET: "x",
      ANN_KEY: "1adfc8bfe1d35616e64dffbd900096f23b066f914c8c2ffbb66f6075b96e116d",
      JOE_SEED: "CACKN3GRF3KQZMEK",
      ...salted,
    };
    const { code, stderr } = await run(cwd, ["check"], { env });
    // Only that the authenticator is not there yet.
    expect({ code, problems: stderr.match(/^WG_|error/gm) }).toEqual({ code: 0, problems: null });
  });

  it("check prints what the page for beginners shows", async () => {
    const page = await readFile(join(ROOT, "docs/guides/getting-started.md"), "utf8");
    const shown = /```text\n(WG_CONFIG_INVALID[^]*?)```/.exec(page)?.[1];
    const cwd = await folderWith();
    await run(cwd, ["init"]);
    const file = join(cwd, "wampgate.config.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace(/^( +)ticket:/m, "$1tickt:"));
    const { stderr } = await run(cwd, ["check"], { env: { JOE_TICKET: "secret" } });
    expect(stderr.replace(cwd, "/home/you")).toBe(shown);
  });

  // Linux alone has a folder that nobody can write to, not even root.
  const onLinux = process.platform === "linux" ? it : it.skip;
  onLinux("init says what to do where nothing can be written", async () => {
    const { code, stderr } = await run("/proc", ["init"]);
    expect(stderr).toMatch(
      /wampgate\.config\.yaml cannot be written to \/proc \(E\w+\); run it in a folder that you may write to/,
    );
    expect(stderr).not.toMatch(/^ +at /m);
    expect(code).toBe(2);
  });

  it.each(["ts", "json"])("init --%s writes the same config in that form, and none beside another", async (form) => {
    const cwd = await folderWith();
    const wrote = await run(cwd, ["init", `--${form}`]);
    expect(wrote).toMatchObject({ code: 0, stderr: "" });
    expect(wrote.stdout).toContain(`Wrote wampgate.config.${form}. Next:`);
    const env = { JOE_TICKET: "x" };
    expect(await run(cwd, ["check"], { env })).toMatchObject({ code: 0, stderr: "" });
    const printed = JSON.parse((await run(cwd, ["print-config"], { env })).stdout) as unknown;
    const yaml = await folderWith();
    await run(yaml, ["init"]);
    expect(printed).toEqual(JSON.parse((await run(yaml, ["print-config"], { env })).stdout));
    const again = await run(cwd, ["init"]);
    expect(again).toMatchObject({ code: 2, stdout: "" });
    expect(again.stderr).toContain(`wampgate.config.${form} exists already; remove it first`);
    expect(await run(cwd, ["init", "--ts", "--json"])).toMatchObject({ code: 2 });
  });

  it("print-config shows the config with its defaults and without its secrets", async () => {
    const text = `
plugins: ["@wampgate/auth-ticket", "@wampgate/auth-wampcra", "@wampgate/auth-dynamic", ["./mine.mjs", { token: sesame, loud: true }]]
realms: [{ name: "\${REALM}", roles: [{ name: user, permissions: [{ uri: com.example.authenticate, allow: { register: true } }] }] }]
transports:
  - type: websocket
    endpoint: { type: tcp, port: 0 }
    max-connections: "\${MAX:-10}"
    auth:
      ticket:
        - { type: static, default-role: user, principals: { joe: { ticket: sesame, extra: { a: sesame } }, ann: { ticket: "\${TICKET}" } } }
        - { type: dynamic, authenticator: com.example.authenticate, authenticator-realm: realm1 }
      wampcra: { type: static, users: { pia: { password: "\${file:secret}", salt: sesame, iterations: 10, keylen: 32, role: user } } }
components: [{ module: ./component.mjs, realm: realm1, role: user, config: { key: sesame } }]
`;
    const cwd = await folderWith({
      "wampgate.config.yaml": text,
      secret: "sesame",
      "mine.mjs": `import { definePlugin, z } from "@wampgate/core";
        const options = z.strictObject({ token: z.string(), loud: z.boolean() });
        export default definePlugin({ name: "mine", core: "*", options });`,
      "component.mjs": "export default () => undefined;",
    });
    const env = { REALM: "realm1", TICKET: "sesame", MAX: "" };
    const { code, stdout, stderr } = await run(cwd, ["print-config"], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toContain("sesame");
    expect(JSON.parse(stdout)).toMatchObject({
      plugins: [expect.anything(), expect.anything(), expect.anything(), ["mine", { token: "(hidden)", loud: true }]],
      realms: [{ name: "${REALM}", options: { "uri-check": "loose" } }],
      transports: [
        {
          path: "/ws",
          endpoint: { host: "127.0.0.1" },
          "max-connections": "${MAX:-10}",
          auth: {
            ticket: [
              {
                type: "static",
                "default-role": "user",
                principals: { joe: { ticket: "(hidden)", extra: { a: "(hidden)" } }, ann: { ticket: "${TICKET}" } },
              },
              {
                type: "dynamic",
                authenticator: "com.example.authenticate",
                "authenticator-realm": "realm1",
                timeout: 10_000,
              },
            ],
            wampcra: {
              users: {
                pia: { password: "${file:secret}", salt: "(hidden)", iterations: 10, keylen: 32, role: "user" },
              },
            },
          },
        },
      ],
      components: [{ module: "./component.mjs", authid: "component", config: "(hidden)" }],
      "shutdown-timeout": 5000,
    });
  });

  it("check tells all that is wrong at once, each with its path, and ends with 2", async () => {
    const wrong = CONFIG.replace("role: user }\n      ticket", "role: usr }\n      ticket")
      .replace("name: user,", "nam: user,")
      .replace("type: dynamic", "type: dinamic");
    const { code, stderr } = await run(await folderWith({ "wampgate.config.yaml": wrong }), ["check"]);
    expect(code).toBe(2);
    expect(stderr).toContain('wampgate.config.yaml:5: realms[0].roles[0].nam: unknown key; did you mean "name"?');
    expect(stderr).toContain("JOE");
    expect(stderr).toContain("dynamic");
    expect(stderr).not.toContain("    at ");
  });

  it("check finds what start would fail at: files, folders and components, each with its line", async () => {
    const text = `
plugins: ["@wampgate/auth-anonymous"]
realms: [{ name: realm1, roles: [{ name: user, allow-by-default: true }] }]
transports:
  - type: websocket
    endpoint:
      type: tcp
      port: 0
      host: no-such-host.invalid
      tls: { key: none.pem, certificate: none.pem }
    auth: { anonymous: { type: static, role: user } }
  - type: rawsocket
    endpoint: { type: unix, path: none/router.sock }
    auth: { anonymous: { type: static, role: user } }
components:
  - { module: ./fine.mjs, realm: realm1, role: user }
  - { module: ./syntax.mjs, realm: realm1, role: user }
  - { module: ./no-function.mjs, realm: realm1, role: user }
`;
    const cwd = await folderWith({
      "wampgate.config.yaml": text,
      "fine.mjs": "setInterval(() => {}, 1000); export default () => { throw new Error('it must not run'); };",
      "syntax.mjs": "const a = ;",
      "no-function.mjs": "export const setUp = () => undefined;",
    });
    const check = async (...flags: string[]): Promise<string[]> => {
      const { code, stdout, stderr } = await run(cwd, ["check", ...flags]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      return stderr
        .trim()
        .split("\n")
        .map((line) => line.trim());
    };
    const problems: unknown[] = [
      expect.stringMatching(/^WG_CONFIG_INVALID: \/.*wampgate\.config\.yaml: 5 problems$/),
      expect.stringMatching(
        /^wampgate\.config\.yaml:10: transports\[0\]\.endpoint\.tls\.key: .*none\.pem cannot be read/,
      ),
      expect.stringMatching(/^wampgate\.config\.yaml:10: transports\[0\]\.endpoint\.tls\.certificate: /),
      expect.stringMatching(
        /^wampgate\.config\.yaml:13: transports\[1\]\.endpoint\.path: the folder .* does not exist/,
      ),
      expect.stringMatching(
        /^wampgate\.config\.yaml:17: components\[1\]\.module: it does not load: .*syntax\.mjs:1:11/,
      ),
      expect.stringMatching(
        /^wampgate\.config\.yaml:18: components\[2\]\.module: .* its default export must be a function/,
      ),
    ];
    expect(await check()).toEqual(problems);
    // A name may need a server to be looked up.
    const unknown = /^warning: wampgate\.config\.yaml:9: transports\[0\]\.endpoint\.host: .* cannot be resolved/;
    expect(await check("--ask")).toEqual([expect.stringMatching(unknown), ...problems]);
  });

  it("check names the package to install for a method that no plugin provides", async () => {
    const without = CONFIG.replace('"@wampgate/auth-ticket", ', "");
    const { code, stderr } = await run(await folderWith({ "wampgate.config.yaml": without }), ["check"], {
      env: { JOE: "x" },
    });
    expect(code).toBe(2);
    expect(stderr).toContain("npm install @wampgate/auth-ticket");
  });

  it("check tells what a plugin's file does not find, and not that the file itself is not there", async () => {
    const plugin = 'import "nothing-of-this-name";';
    const cwd = await folderWith({
      "broken.mjs": plugin,
      "wampgate.config.yaml": CONFIG.replace("plugins: [", 'plugins: ["./broken.mjs", "./nowhere.mjs", '),
    });
    const { code, stderr } = await run(cwd, ["check"], { env: { JOE: "secret" } });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /plugins\[0\]: the plugin "\.\/broken\.mjs" failed to load: Cannot find package 'nothing-of-this-name'/,
    );
    expect(stderr).toMatch(/plugins\[1\]: the file "\.\/nowhere\.mjs" does not exist/);
  });

  it("shows the stack of a failing plugin, with its causes, by --debug alone", async () => {
    const plugin = `import { definePlugin } from "@wampgate/core";
      class BaseDown extends Error {}
      export default definePlugin({ name: "failing", core: "*", apply() {
        const down = new BaseDown("the database is away");
        down.cause = down; // a circle
        throw new Error("no users", { cause: down });
      } });`;
    const cwd = await folderWith({
      "failing.mjs": plugin,
      "wampgate.config.yaml": CONFIG.replace("plugins: [", 'plugins: ["./failing.mjs", '),
    });
    const { stderr: plain } = await run(cwd, ["check"], { env: { JOE: "secret" } });
    expect(plain.trim()).toBe('WG_PLUGIN_APPLY: plugin "failing" failed to apply itself: no users');
    const { stderr } = await run(cwd, ["check", "--debug"], { env: { JOE: "secret" } });
    expect(stderr).toMatch(/failing\.mjs:6:/);
    expect(stderr).toMatch(/caused by: Error: the database is away\n +at /);
    expect(stderr.match(/caused by/g)).toHaveLength(2);
  });

  it("shows the place of what fails in a plugin that is loaded and in a component, and its stack by --debug alone", async () => {
    const cwd = await folderWith({
      "loading.mjs": `throw new Error("no licence");`,
      "typo.mjs": `export default function setUp(session) {\n  session.registr("com.a");\n}`,
      "syntax.mjs": `export default 5;\nconst a = ;`,
      "plugins.config.yaml": CONFIG.replace("plugins: [", 'plugins: ["./loading.mjs", "./syntax.mjs", '),
      "component.config.yaml": `${CONFIG}\ncomponents: [{ module: "./typo.mjs", realm: realm1, role: user }]\n`,
    });
    const env = { JOE: "secret" };
    const failing = async (...args: string[]): Promise<string> => (await run(cwd, args, { env })).stderr;
    const plain = await failing("check", "--config", "plugins.config.yaml");
    expect(plain).toMatch(/plugins\[0\]: the plugin "\.\/loading\.mjs" failed to load: no licence/);
    expect(plain).toMatch(/plugins\[1\]: .* failed to load: SyntaxError at .*syntax\.mjs:2:11: Unexpected token/);
    expect(plain).not.toContain("caused by");
    const debug = await failing("check", "--debug", "--config", "plugins.config.yaml");
    expect(debug).toMatch(/caused by: Error: no licence\n +at .*loading\.mjs:1:7/);
    const component = await failing("start", "--config", "component.config.yaml");
    expect(component).toMatch(/the component .*typo\.mjs did not start: TypeError at .*typo\.mjs:2:11/);
    expect(component).not.toMatch(/\n +at /);
    expect(await failing("start", "--debug", "--config", "component.config.yaml")).toMatch(
      /caused by: Error: TypeError at .*\n +at .*typo\.mjs:2:11/,
    );
  });

  it("start without a config says what to do", async () => {
    const { code, stderr } = await run(await folderWith(), ["start"]);
    expect(code).toBe(2);
    expect(stderr).toContain("wampgate init");
  });

  it("start tells what listens where, by which methods from which plugins; SIGTERM says GOODBYE, and it ends with 0", async () => {
    const router = await startCli(await folderWith({ "wampgate.config.yaml": CONFIG }), { JOE: "secret" });
    const listens = router.summary.at(-1);
    expect(listens).toContain("anonymous (static) from @wampgate/auth-anonymous");
    expect(listens).toContain("ticket (static, then dynamic) from @wampgate/auth-ticket");
    const client = await connectRaw(router.url);
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("secret");
    await client.welcomed();
    router.kill("SIGTERM");
    expect(await client.next()).toMatchObject([6, {}, "wamp.close.system_shutdown"]);
    client.send(6, {}, "wamp.close.goodbye_and_out");
    expect(await router.ended).toBe(0);
  });

  it("start writes the log as the config says, and a reload changes that", async () => {
    const levelled = (level: string): string => `${CONFIG}\nlog: { level: ${level}, format: json }\n`;
    const cwd = await folderWith({ "wampgate.config.yaml": levelled("warn") });
    const router = await startCli(cwd, { JOE: "secret" });
    const login = async (): Promise<void> => {
      const client = await connectRaw(router.url);
      client.hello({ authmethods: ["anonymous"] });
      await client.welcomed();
    };
    await login();
    await writeFile(join(cwd, "wampgate.config.yaml"), levelled("info"));
    router.kill("SIGHUP");
    await router.logged(/the config was reloaded/);
    expect(router.lines).toHaveLength(1);
    await login();
    await router.logged(/login welcome/);
    router.kill("SIGTERM");
    expect(await router.ended).toBe(0);
  });

  it("start --log-level wins over the config", async () => {
    const cwd = await folderWith({ "wampgate.config.yaml": `${CONFIG}\nlog: { level: trace }\n` });
    const router = await startCli(cwd, { JOE: "secret" }, { flags: ["--log-level", "silent"] });
    router.kill("SIGTERM");
    expect(await router.ended).toBe(0);
    expect(router.lines).toEqual([]);
  });

  it("start writes text for people if the config says so, one line for each login", async () => {
    const cwd = await folderWith({ "wampgate.config.yaml": `${CONFIG}\nlog: { format: pretty }\n` });
    const router = await startCli(cwd, { JOE: "secret" });
    const client = await connectRaw(router.url);
    client.hello({ authmethods: ["anonymous"] });
    await client.welcomed();
    router.kill("SIGTERM");
    client.send(6, {}, "wamp.close.goodbye_and_out");
    expect(await router.ended).toBe(0);
    const logins = router.lines.filter((line) => line.includes("login"));
    expect(logins).toEqual([expect.stringMatching(/ INFO: login welcome \{.*"authmethod":"anonymous".*\}$/)]);
  });

  it("start on a port that is taken ends with 1, and a sentence", async () => {
    const first = await startCli(await folderWith({ "wampgate.config.yaml": CONFIG }), { JOE: "x" });
    const { port } = new URL(first.url);
    const taken = CONFIG.replace("port: 0", `port: ${port}`);
    const { code, stderr } = await run(await folderWith({ "wampgate.config.yaml": taken }), ["start"], {
      env: { JOE: "x" },
    });
    expect(code).toBe(1);
    expect(stderr).toContain(port);
    expect(stderr).not.toContain("    at ");
    first.kill("SIGTERM");
    await first.ended;
  });

  it("schema prints a JSON Schema with the blocks of the config's plugins, without a config of all official ones", async () => {
    const withPlugins = await run(await folderWith({ "wampgate.config.yaml": CONFIG }), ["schema"], {
      env: {}, // what else is wrong does not matter
    });
    expect(withPlugins).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.stringify(JSON.parse(withPlugins.stdout))).toContain("authenticator-realm");
    expect(withPlugins.stdout).not.toContain('"wampcra"');
    const bare = await run(await folderWith(), ["schema"]);
    expect(bare).toMatchObject({ code: 0, stderr: "" });
    for (const method of ["anonymous", "ticket", "wampcra"]) expect(bare.stdout).toContain(`"${method}"`);
  });

  it("commands of plugins are those of the config, and of the official packages that are installed", async () => {
    const args = ["hash-wampcra", "--salt", "salt123", "--iterations", "100", "--keylen", "16"];
    const { code, stdout } = await run(await folderWith(), args, { input: "secret1\n" });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ secret: "prq7+YkJ1/KlW1X0YczMHw==", salt: "salt123" });
    const withConfig = await folderWith({ "wampgate.config.yaml": CONFIG });
    expect(await run(withConfig, ["hash-ticket"], { input: "sesame\n" })).toMatchObject({ code: 0, stderr: "" });
    expect(await run(withConfig, args, { input: "secret1\n" })).toMatchObject({ code: 0, stdout });
  });

  it("hash is hash-wampcra, hash --ticket is hash-ticket, and hash --scram is hash-scram", async () => {
    const cwd = await folderWith();
    const args = ["--salt", "salt123", "--iterations", "100", "--keylen", "16"];
    const { stdout } = await run(cwd, ["hash", ...args], { input: "secret1\n" });
    expect(JSON.parse(stdout)).toMatchObject({ secret: "prq7+YkJ1/KlW1X0YczMHw==", salt: "salt123" });
    expect((await run(cwd, ["hash", "--ticket"], { input: "sesame\n" })).stdout).toMatch(/^\$?scrypt/);
    const scram = ["--scram", "--for", "spec", "--kdf", "pbkdf2", "--iterations", "4096"];
    const salt = "5b6d99689d12358eeca04b141236fa81";
    const made = await run(cwd, ["hash", ...scram, "--salt", salt], { input: "pencil\n" });
    const storedKey = "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6";
    expect(JSON.parse(made.stdout)).toMatchObject({ salt, "stored-key": storedKey });
    const withConfig = await folderWith({ "wampgate.config.yaml": CONFIG });
    expect(await run(withConfig, ["hash", ...args], { input: "secret1\n" })).toMatchObject({ code: 0, stdout });
  });

  it("a command that reads a secret ends with 2 if none comes", async () => {
    const { code, stdout, stderr } = await run(await folderWith(), ["hash-ticket"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("WG_USAGE: no ticket came on stdin");
  });
});
