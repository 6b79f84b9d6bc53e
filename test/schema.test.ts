import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { load } from "js-yaml";
import { definePlugin, type Plugin } from "@wampgate/core";
import { STARTERS } from "../packages/core/src/cli/starter.ts";
import { loadedAlone } from "../packages/core/src/config/check-plugins.ts";
import { forEditors } from "../packages/core/src/config/editor-schema.ts";
import { configJsonSchema } from "../packages/core/src/config/json-schema.ts";
import { BUILTIN } from "../packages/core/src/router/builtin.ts";
import { isData } from "./support/doc-configs.ts";
import { docPages } from "./support/doc-blocks.ts";
import { OFFICIAL as PLUGINS } from "./support/router.ts";
import { ROOT } from "./support/cli.ts";

// What `wampgate schema` prints, as an editor applies it.

const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { "date-time": true } });
const OFFICIAL = await Promise.all(PLUGINS.map((plugin) => loadedAlone(plugin)));
const official = ajv.compile(forEditors(configJsonSchema(OFFICIAL, BUILTIN.transports)));

/** What an editor shows: a failed condition is no error of its own. */
function errorsOf(config: unknown, validate: ValidateFunction = official): string[] {
  validate(config);
  const errors: ErrorObject[] = validate.errors ?? [];
  return errors
    .filter(({ keyword }) => keyword !== "if")
    .map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const EXAMPLES = readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".yaml"),
);

it.each(EXAMPLES)("the example %s is right for an editor", async (name) => {
  const raw = load(readFileSync(join(ROOT, "examples", name), "utf8"));
  if (!name.startsWith("custom-plugin")) return expect(errorsOf(raw)).toEqual([]);
  const own = (await import(join(ROOT, "examples/custom-plugin/plugin/index.mjs"))) as { default: Plugin };
  const schema = configJsonSchema([...OFFICIAL, await loadedAlone(own.default)], BUILTIN.transports);
  expect(errorsOf(raw, ajv.compile(forEditors(schema)))).toEqual([]);
});

it("so are the starter configs that init writes", () => {
  expect(errorsOf(load(STARTERS.yaml))).toEqual([]);
  expect(errorsOf(JSON.parse(STARTERS.json))).toEqual([]);
});

it("so are the whole configs on the pages", () => {
  const whole = docPages()
    .flatMap(({ blocks }) => blocks)
    .filter(({ note }) => note?.kind !== "foreign") // with other methods than the official ones
    .filter((block) => isData(block) && /^\W*realms/m.test(block.text) && /^\W*transports/m.test(block.text))
    .map(({ text }) => load(text));
  expect(whole.length).toBeGreaterThan(0);
  for (const config of whole) expect(errorsOf(config)).toEqual([]);
});

const config = (endpoint: object, auth: unknown = { anonymous: { type: "static", role: "a" } }, over: object = {}) => ({
  plugins: ["@wampgate/auth-anonymous", ["./mine.js", { a: 1 }]],
  realms: [{ name: "realm1", roles: [{ name: "a", "allow-by-default": "${YES}" }] }],
  transports: [{ type: "websocket", endpoint, auth, ...over }],
});
const realmWith = (check: unknown): object => ({
  name: "realm1",
  roles: [{ name: "a" }],
  options: { "uri-check": check },
});
const TCP = { type: "tcp", port: 8080 };

it("a block may leave out its type where its method has a default type, and is checked by it", async () => {
  const methods = (OFFICIAL.find(({ name }) => name.endsWith("ticket"))?.methods ?? []).map((method) => ({
    ...method,
    defaultType: "static",
  }));
  const easy = definePlugin({ name: "easy", core: "*", methods });
  const others = OFFICIAL.filter(({ name }) => !name.endsWith("ticket"));
  const validate = ajv.compile(forEditors(configJsonSchema([...others, await loadedAlone(easy)], BUILTIN.transports)));
  const users = { principals: { joe: { ticket: "a" } } };
  expect(errorsOf(config(TCP, { ticket: users }), validate)).toEqual([]);
  expect(errorsOf(config(TCP, { ticket: { type: "dynamic", authenticator: "a.b" } }), validate)).toEqual([]);
  expect(errorsOf(config(TCP, { ticket: { principles: {} } }), validate)).toEqual([
    "/transports/0/auth/ticket must have required property 'principals'",
    "/transports/0/auth/ticket must NOT have additional properties",
  ]);
});

it("strings with ${…} may stand for numbers, booleans, patterns and words of a list", () => {
  const endpoint = { type: "tcp", port: "${PORT:-8080}", "proxy-protocol": "${PROXY}", "trusted-proxies": ["::1"] };
  expect(errorsOf(config(endpoint, undefined, { "auth-timeout": "${TIMEOUT}", path: "${WS_PATH}" }))).toEqual([]);
  const users = { joe: { secret: "${file:secret}", salt: "a", iterations: "${N}", keylen: 32, role: "a" } };
  expect(errorsOf(config(TCP, { wampcra: [{ type: "static", users }] }))).toEqual([]);
  const log = { level: "${LEVEL:-info}", format: "${FORMAT}" };
  expect(errorsOf({ ...config(TCP), log, realms: [realmWith("${URI_CHECK}")] })).toEqual([]);
});

it.each<[string, unknown, string]>([
  ["a port", config({ type: "tcp", port: "8080" }), '/transports/0/endpoint/port must match pattern "\\$\\{[^}]*\\}"'],
  ["a port that is too large", config({ type: "tcp", port: 70_000 }), "/transports/0/endpoint/port must be <= 65535"],
  ["a key of an endpoint", config({ ...TCP, prot: 1 }), "/transports/0/endpoint must NOT have additional properties"],
  [
    "a word of a list",
    { ...config(TCP), realms: [realmWith("stict")] },
    "/realms/0/options/uri-check must be equal to one of the allowed values",
  ],
  [
    "a number for a word of a list",
    { ...config(TCP), realms: [realmWith(5)] },
    "/realms/0/options/uri-check must be string",
  ],
  ["a missing key", config({ type: "unix" }), "/transports/0/endpoint must have required property 'path'"],
  [
    "a type of endpoint",
    config({ type: "tpc" }),
    "/transports/0/endpoint/type must be equal to one of the allowed values",
  ],
  [
    "a key of a block",
    config(TCP, { ticket: { type: "dynamic", authenticator: "a.b", authenticater: "a.b" } }),
    "/transports/0/auth/ticket must NOT have additional properties",
  ],
  [
    "a key of a block in a list",
    config(TCP, { ticket: [{ type: "static", principals: { joe: { tickt: "a", ticket: "b" } } }] }),
    "/transports/0/auth/ticket/0/principals/joe must NOT have additional properties",
  ],
  [
    "a type of block",
    config(TCP, { ticket: { type: "book" } }),
    "/transports/0/auth/ticket/type must be equal to one of the allowed values",
  ],
  ["a method", config(TCP, { tickt: { type: "static" } }), "/transports/0/auth must NOT have additional properties"],
  ["a key of a transport", config(TCP, undefined, { paht: "/" }), "/transports/0 must NOT have additional properties"],
  [
    "a type of transport",
    config(TCP, undefined, { type: "web" }),
    "/transports/0/type must be equal to one of the allowed values",
  ],
  ["options of a plugin", { ...config(TCP), plugins: [["a", 5]] }, "/plugins/0/1 must be object"],
  ["a plugin", { ...config(TCP), plugins: [5] }, "/plugins/0 must be string"],
])("one mistake is one error: %s", (_what, raw, expected) => {
  expect(errorsOf(raw)).toEqual([expected]);
});
